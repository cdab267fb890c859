import type { MigrationInterface, QueryRunner } from 'typeorm';

const sha256 = (column: string) => `check (${column} ~ '^[0-9a-f]{64}$')`;

/** Verified addresses, mailed links, throttled logins, erased accounts; and versions, by which events are ordered. */
export class UsersIdentity1700000011000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      alter table usr
        add eml_vrf_dt timestamptz,
        add ver_no bigint not null default 1,
        -- Nobody's password: a row whose credentials come later cannot be signed in to before.
        alter pwd_hsh set default '!',
        drop constraint usr_stat_chk,
        add constraint usr_stat_chk check (stat_cd in ('A', 'B', 'E'))`);
    await db.query('alter table rol add ver_no bigint not null default 1');
    await db.query(`alter table rfr_tok add constraint rfr_tok_hsh_chk ${sha256('tok_hsh')}`);
    await db.query(`alter table svc_cli add constraint svc_cli_hsh_chk ${sha256('sec_hsh')}`);
    // V verifies an address, P sets a new password.
    await db.query(`
      create table usr_lnk (
        lnk_hsh text primary key constraint usr_lnk_hsh_chk ${sha256('lnk_hsh')},
        usr_id integer not null references usr,
        kind_cd char(1) not null constraint usr_lnk_kind_chk check (kind_cd in ('V', 'P')),
        eml text not null,
        exp_dt timestamptz not null,
        used_dt timestamptz,
        crt_dt timestamptz not null default now()
      )`);
    await db.query('create index usr_lnk_usr_idx on usr_lnk (usr_id)');
    await db.query('create index usr_lnk_exp_idx on usr_lnk (exp_dt)');
    // A logins to an account, I logins from an address, M mails to an account. Keys are hashed: no address is kept here.
    await db.query(`
      create table try_cnt (
        kind_cd char(1) not null constraint try_cnt_kind_chk check (kind_cd in ('A', 'I', 'M')),
        key_hsh text not null constraint try_cnt_hsh_chk ${sha256('key_hsh')},
        cnt integer not null,
        win_dt timestamptz not null,
        primary key (kind_cd, key_hsh)
      )`);
    await db.query('create index try_cnt_win_idx on try_cnt (win_dt)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('drop table try_cnt, usr_lnk');
    await db.query('alter table svc_cli drop constraint svc_cli_hsh_chk');
    await db.query('alter table rfr_tok drop constraint rfr_tok_hsh_chk');
    await db.query('alter table rol drop ver_no');
    await db.query(`
      alter table usr drop eml_vrf_dt, drop ver_no, alter pwd_hsh drop default, drop constraint usr_stat_chk,
        add constraint usr_stat_chk check (stat_cd in ('A', 'B'))`);
  }
}
