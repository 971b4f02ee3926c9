import { describe, expect, it } from 'vitest';
import { type Label, roomFor } from '../src/logic/labels';
import { remembered } from '../src/logic/remembered';

const label = (name: string, x: number, weight = 0, always = false): Label => ({ name, at: [x, 100], width: 60, weight, always });
const shown = (labels: Label[]) => roomFor(labels).map((one) => one.name);

describe('names on the map', () => {
  it.each<[string, Label[], string[]]>([
    ['beside each other all have room', [label('a', 0), label('b', 200)], ['a', 'b']],
    ['over each other the busier one has it', [label('a', 0, 1), label('b', 20, 2)], ['b']],
    ['what is chosen has it anyway', [label('a', 0, 1, true), label('b', 20, 2)], ['a']],
    ['of equals it is always the same one', [label('b', 20), label('a', 0)], ['a']],
  ])('%s', (_, labels, names) => expect(shown(labels)).toEqual(names));
});

it('derives anew only from something new', () => {
  let made = 0;
  const sum = remembered((list: number[], more: number) => {
    made += 1;
    return list.reduce((a, b) => a + b, more);
  });
  const list = [1, 2];
  expect([sum(list, 1), sum(list, 1), sum(list, 2), sum([1, 2], 2)]).toEqual([4, 4, 5, 5]);
  expect(made).toBe(3);
});
