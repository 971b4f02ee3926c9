import { describe, expect, it } from 'vitest';
import { command, quoted, seconds } from '../src/logic/commands';
import { fromQuery } from '../src/logic/whatif';

const WEIGHTS = [
  { region: 'us-east-1', weight: 70 },
  { region: 'eu-west-1', weight: 30 },
];

describe('commands', () => {
  it.each([
    [
      command.pin('shop/web', 'us-east-1', WEIGHTS, 3600),
      'weirctl weights pin shop/web us-east-1=70,eu-west-1=30 --from us-east-1 --ttl 1h',
    ],
    [command.pin('shop/web', 'us-east-1', WEIGHTS, 0), 'weirctl weights pin shop/web us-east-1=70,eu-west-1=30 --from us-east-1'],
    [command.unpin('shop/web', ''), 'weirctl weights unpin shop/web'],
    [command.explain('shop/web', 'a', 8, '2026-11-26T18:27:00Z'), 'weirctl weights explain shop/web --from a --revision 8'],
    [
      command.explain('shop/web', 'a', undefined, '2026-11-26T18:27:00Z'),
      'weirctl weights explain shop/web --from a --at 2026-11-26T18:27:00Z',
    ],
    [command.rollback('shop/web', 0, 900), 'weirctl policy rollback shop/web --ttl 15m'],
    [command.rollback('shop/web', 7, 0), 'weirctl policy rollback shop/web --to-revision 7'],
    [command.freeze('shop/web', 86_400), 'weirctl policy freeze shop/web --ttl 24h'],
    [command.evacuate('eu-west-1', '', 1800), 'weirctl failover evacuate eu-west-1 --for 30m'],
    [command.evacuate('eu-west-1', 'shop/web', 120), 'weirctl failover drill shop/web --drop eu-west-1 --for 2m'],
    [command.endEvacuation('eu-west-1', ''), 'weirctl failover cancel eu-west-1'],
    [command.endEvacuation('eu-west-1', 'shop/web'), 'weirctl failover cancel eu-west-1 --service shop/web'],
    [command.createAccess('ann', 'viewer', 86_400), 'weirctl access create ann --role viewer --ttl 24h'],
    [command.mode('shop/web', ''), 'weirctl policy mode config --service shop/web'],
    [command.createToken('eu-west-1', 'a b'), "weirctl mesh token create --region eu-west-1 --cluster 'a b'"],
    [
      command.simulate(
        fromQuery('?service=shop/web&fail=a,b&cut=a:b&latency=a:b=80ms&scale=1.3&policy=waterfall&replay=5m..now&for=4m'),
      ),
      'weirctl simulate --service shop/web --fail-region a --fail-region b --fail-path a:b --add-latency a:b=80ms --traffic-scale 1.3 --policy waterfall --replay 5m..now --for 4m',
    ],
    [command.simulate(fromQuery('')), 'weirctl simulate'],
  ])('%s', (line, expected) => expect(line).toBe(expected));
});

it.each([
  ['a;rm -rf /', "'a;rm -rf /'"],
  ["it's", "'it'\\''s'"],
  ['$(id)', "'$(id)'"],
  ['us-east-1=70', 'us-east-1=70'],
])('quotes %s', (word, safe) => expect(quoted(word)).toBe(safe));

it.each([
  [90, '90s'],
  [120, '2m'],
  [7200, '2h'],
  [0, ''],
])('%s seconds are %s', (value, text) => expect(seconds(value)).toBe(text));
