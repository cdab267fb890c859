import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from './options.ts';

describe('arguments of npm start', () => {
  it.each([
    [['--port', 'abc'], '--port abc'],
    [['--port', ''], '--port'],
    [['--port', '70000'], '--port 70000'],
    [['--port', '70.5'], '--port 70.5'],
    [['--port=-1'], '--port -1'],
    [['--port'], '--port'],
    [['--operator-port', '0x10'], '--operator-port 0x10'],
    [['--port', '7070'], '--operator-port'],
    [['--scale', '0'], '--scale 0'],
    [['--scale', ''], '--scale'],
    [['--data-dir', ''], '--data-dir'],
    [['--prot', '7000'], '--prot'],
    [['--fresh=yes'], '--fresh'],
    [['--profile', 'docker'], '--profile docker'],
    [['extra'], 'extra'],
  ])('%j is refused in one line that names it', (args, named) => {
    const refused = () => parseOptions(args);
    expect(refused).toThrow(UsageError);
    expect(refused).toThrow(named);
    expect(refused).not.toThrow(/\n/);
  });

  it('has defaults, and takes a free port for 0', () => {
    expect(parseOptions([])).toEqual({
      fresh: false,
      dataDir: '.matapalo',
      port: 7000,
      operatorPort: 7070,
      scale: 1,
      profile: 'embedded',
    });
    expect(parseOptions(['--profile', 'debezium'])).toMatchObject({ profile: 'debezium' });
    expect(parseOptions(['--port', '0', '--operator-port', '0'])).toMatchObject({ port: 0, operatorPort: 0 });
  });

  it('asks for nothing when help is wanted', () => {
    expect(parseOptions(['--help'])).toBeUndefined();
  });
});
