import { EntitySchema } from 'typeorm';

export interface UserRow {
  usr_id: number;
  usr_nm: string;
  eml: string;
  pwd_hsh: string;
  stat_cd: 'A' | 'B' | 'E';
  eml_vrf_dt: Date | null;
  /** int8 arrives as text. */
  ver_no: string;
  crt_dt: Date;
  upd_dt: Date;
}

export const UserEntity = new EntitySchema<UserRow>({
  name: 'User',
  tableName: 'usr',
  columns: {
    usr_id: { type: 'integer', primary: true, generated: 'increment' },
    usr_nm: { type: 'text' },
    eml: { type: 'text' },
    pwd_hsh: { type: 'text' },
    stat_cd: { type: 'char', length: 1, default: 'A' },
    eml_vrf_dt: { type: 'timestamptz', nullable: true },
    ver_no: { type: 'bigint', default: 1 },
    crt_dt: { type: 'timestamptz', default: () => 'now()' },
    upd_dt: { type: 'timestamptz', default: () => 'now()' },
  },
});
