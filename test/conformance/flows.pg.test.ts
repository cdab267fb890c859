import { expect, it } from 'vitest';
import { settle, untilStopped } from '#test/cdc-fixture.ts';
import { onEachTransport } from '#test/transports.ts';

import { syncedSides } from '#test/synced-sides.ts';
onEachTransport(({ start }) => {
  const synced = syncedSides(start);

  /** One legacy table feeds two, and two feed one; one table has no primary key. */
  function feeding(): Promise<void> {
    return synced.sync(0, {
      legacySql: `
      create table person (id int primary key, name text not null, street text, pwd text not null);
      create table person_stats (person_id int primary key, visits int not null);
      create table log_line (ref uuid not null, line text); alter table log_line replica identity full;
      insert into person values (1, 'Ada', 'Main St', 'x'), (2, 'Bob', null, 'y');
      insert into person_stats values (1, 10);
      insert into log_line values ('00000000-0000-0000-0000-000000000001', 'one');`,
      serviceSql: `
      create table people (id int primary key, name text not null, visits int, nick text default 'none');
      create table addresses (person_id int primary key, street text);
      create table log_lines (ref uuid primary key, line text);`,
      tables: [
        {
          legacy: 'person',
          service: 'people',
          anchor: true,
          forward: { id: 'id', name: 'name' },
          reverse: { id: 'id', name: 'name', pwd: `'unset'` },
        },
        {
          legacy: 'person',
          service: 'addresses',
          forward: { person_id: 'id', street: 'street' },
          reverse: { id: 'person_id', street: 'street' },
        },
        {
          legacy: 'person_stats',
          service: 'people',
          key: { legacy: ['person_id'], service: ['id'] },
          forward: { id: 'person_id', visits: 'visits' },
          reverse: { person_id: 'id', visits: 'coalesce(visits, 0)' },
        },
        {
          legacy: 'log_line',
          service: 'log_lines',
          key: { legacy: ['ref'], service: ['ref'] },
          forward: { ref: 'ref', line: 'line' },
          reverse: { ref: 'ref', line: 'line' },
        },
      ],
    });
  }

  const people = async () =>
    (await synced.pair.servicePool.query('select id, name, visits, nick from people order by id')).rows;

  it('one table feeds several, several feed one, and a table needs no primary key', async () => {
    await feeding();
    expect(await people()).toEqual([
      { id: 1, name: 'Ada', visits: 10, nick: 'none' },
      { id: 2, name: 'Bob', visits: null, nick: 'none' },
    ]);
    await synced.pair.legacyApp.query(`begin;
    insert into person_stats values (3, 1); insert into person values (3, 'Cyd', 'Side St', 'z');
    update person_stats set visits = 11 where person_id = 1;
    update person set id = 20, street = 'New St' where id = 2;
    delete from log_line;
    insert into log_line values ('00000000-0000-0000-0000-000000000002', 'a'), ('00000000-0000-0000-0000-000000000003', null);
    update log_line set line = 'b' where line = 'a';
    commit`);
    await settle(synced.pair, 'forward');
    expect(await people()).toEqual([
      { id: 1, name: 'Ada', visits: 11, nick: 'none' },
      { id: 3, name: 'Cyd', visits: 1, nick: 'none' },
      { id: 20, name: 'Bob', visits: null, nick: 'none' },
    ]);
    expect((await synced.pair.servicePool.query('select * from addresses order by 1')).rows).toEqual([
      { person_id: 1, street: 'Main St' },
      { person_id: 3, street: 'Side St' },
      { person_id: 20, street: 'New St' },
    ]);
    expect(
      (
        await synced.pair.servicePool.query(
          'select right(ref::text, 1) as ref, line from log_lines order by 1',
        )
      ).rows,
    ).toEqual([
      { ref: '2', line: 'b' },
      { ref: '3', line: null },
    ]);
    await synced.pair.legacyApp.query(
      `begin; delete from person_stats where person_id = 1; delete from person where id = 3; commit`,
    );
    await settle(synced.pair, 'forward');
    expect(await people()).toEqual([
      { id: 1, name: 'Ada', visits: null, nick: 'none' },
      { id: 20, name: 'Bob', visits: null, nick: 'none' },
    ]);
  });

  it('an entry that only fills columns stops the group where the anchor has no row', async () => {
    await feeding();
    await synced.pair.legacyApp.query('insert into person_stats values (99, 1)');
    expect((await untilStopped(synced.pair)).message).toContain('person_id 99');
  });
});
