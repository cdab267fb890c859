import type { TableConfig } from '#plan/config.ts';

const cases = (column: string, pairs: readonly (readonly [string, string])[]) =>
  `case ${column} ${pairs.map(([from, to]) => `when '${from}' then '${to}'`).join(' ')} end`;
const turned = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([from, to]) => [to, from] as const);

const statuses = [
  ['A', 'active'],
  ['B', 'blocked'],
  ['E', 'erased'],
] as const;
const purposes = [
  ['V', 'verify-email'],
  ['P', 'reset-password'],
] as const;
const kinds = [
  ['A', 'login-account'],
  ['I', 'login-address'],
  ['M', 'mail'],
] as const;

const hexOf = (column: string) => `encode(${column}, 'hex')`;
const bytesOf = (column: string) => `decode(${column}, 'hex')`;

/**
 * The tables of the monolith's users, and of this service. `usr` feeds accounts and credentials; in reverse both fill `usr`,
 * and accounts decides whether the row exists. A name is split at its first space; without one there is no family name.
 * Sessions, links and throttled attempts move with the accounts: what is revoked, used or blocked stays so on either side.
 */
export const usersTables: readonly TableConfig[] = [
  {
    legacy: 'rol',
    service: 'roles',
    forward: { name: 'rol_cd', title: 'rol_nm', version: 'ver_no' },
    reverse: { rol_cd: 'name', rol_nm: 'title', ver_no: 'version' },
  },
  {
    legacy: 'rol_perm',
    service: 'role_permissions',
    key: { legacy: ['rol_cd', 'perm_cd'], service: ['role', 'permission'] },
    forward: { role: 'rol_cd', permission: 'perm_cd' },
    reverse: { rol_cd: 'role', perm_cd: 'permission' },
  },
  {
    legacy: 'usr',
    service: 'accounts',
    anchor: true,
    forward: {
      id: 'usr_id',
      given_name: "split_part(usr_nm, ' ', 1)",
      family_name:
        "case when position(' ' in usr_nm) > 0 then substr(usr_nm, position(' ' in usr_nm) + 1) end",
      email: 'eml',
      email_verified_at: 'eml_vrf_dt',
      status: cases('stat_cd', statuses),
      version: 'ver_no',
      created_at: 'crt_dt',
      updated_at: 'upd_dt',
    },
    reverse: {
      usr_id: 'id',
      usr_nm: "given_name || coalesce(' ' || family_name, '')",
      eml: 'email',
      eml_vrf_dt: 'email_verified_at',
      stat_cd: cases('status', turned(statuses)),
      ver_no: 'version',
      crt_dt: 'created_at',
      upd_dt: 'updated_at',
    },
  },
  {
    legacy: 'usr',
    service: 'credentials',
    forward: { account_id: 'usr_id', password_hash: 'pwd_hsh' },
    reverse: { usr_id: 'account_id', pwd_hsh: 'password_hash' },
  },
  {
    legacy: 'usr_rol',
    service: 'account_roles',
    key: { legacy: ['usr_id', 'rol_cd'], service: ['account_id', 'role'] },
    forward: { account_id: 'usr_id', role: 'rol_cd' },
    reverse: { usr_id: 'account_id', rol_cd: 'role' },
  },
  {
    legacy: 'rfr_tok',
    service: 'refresh_tokens',
    forward: {
      token_hash: bytesOf('tok_hsh'),
      account_id: 'usr_id',
      session_id: 'fam_id',
      expires_at: 'exp_dt',
      used_at: 'used_dt',
      revoked_at: 'rvk_dt',
      created_at: 'crt_dt',
    },
    reverse: {
      tok_hsh: hexOf('token_hash'),
      usr_id: 'account_id',
      fam_id: 'session_id',
      exp_dt: 'expires_at',
      used_dt: 'used_at',
      rvk_dt: 'revoked_at',
      crt_dt: 'created_at',
    },
  },
  {
    legacy: 'svc_cli',
    service: 'clients',
    forward: { id: 'cli_id', secret_hash: bytesOf('sec_hsh'), scopes: 'scp' },
    reverse: { cli_id: 'id', sec_hsh: hexOf('secret_hash'), scp: 'scopes' },
  },
  {
    legacy: 'usr_lnk',
    service: 'mail_links',
    forward: {
      secret_hash: bytesOf('lnk_hsh'),
      account_id: 'usr_id',
      purpose: cases('kind_cd', purposes),
      email: 'eml',
      expires_at: 'exp_dt',
      used_at: 'used_dt',
      created_at: 'crt_dt',
    },
    reverse: {
      lnk_hsh: hexOf('secret_hash'),
      usr_id: 'account_id',
      kind_cd: cases('purpose', turned(purposes)),
      eml: 'email',
      exp_dt: 'expires_at',
      used_dt: 'used_at',
      crt_dt: 'created_at',
    },
  },
  {
    legacy: 'try_cnt',
    service: 'attempts',
    key: { legacy: ['kind_cd', 'key_hsh'], service: ['kind', 'key_hash'] },
    forward: {
      kind: cases('kind_cd', kinds),
      key_hash: bytesOf('key_hsh'),
      count: 'cnt',
      window_start: 'win_dt',
    },
    reverse: {
      kind_cd: cases('kind', turned(kinds)),
      key_hsh: hexOf('key_hash'),
      cnt: 'count',
      win_dt: 'window_start',
    },
  },
];
