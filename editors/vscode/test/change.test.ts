import assert from "node:assert/strict";
import { test } from "node:test";
import { inOneLine, least, wordwise } from "../src/nextEdit/change";
import { isVisible, pointer, step } from "../src/nextEdit/keys";

const apply = (old: string, change: { from: number; to: number; added: string }): string =>
  old.slice(0, change.from) + change.added + old.slice(change.to);

test("what is drawn leads from the old text to the new one, whatever they are", () => {
  // A fixed sequence of pseudo-random texts over letters that share beginnings, ends and halves of characters.
  let state = 7;
  const next = (below: number): number => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % below; // the low bits go round in small circles
  };
  const text = (): string => Array.from({ length: next(8) }, () => ["a", "b", " ", "🎉", "🎊", "\n"][next(6)]).join("");
  for (let round = 0; round < 3000; round++) {
    const [old, fresh] = [text(), text()];
    for (const make of [least, wordwise]) {
      const change = make(old, fresh);
      assert.equal(apply(old, change), fresh);
      for (const part of [old.slice(0, change.from), old.slice(change.to), change.added]) {
        assert.ok(!/^[\udc00-\udfff]|[\ud800-\udbff]$/.test(part), JSON.stringify([old, fresh, change]));
      }
    }
  }
});

test("the least change is the least, and a word is changed as a whole", () => {
  assert.deepEqual(least("area(1)", "area(1, 2)"), { from: 6, to: 6, added: ", 2" });
  assert.deepEqual(wordwise("f(area)", "f(aera)"), { from: 2, to: 6, added: "aera" });
  assert.deepEqual(wordwise("same", "same"), { from: 4, to: 4, added: "" });
});

test("ends of lines are seen in one line, and what is long is cut", () => {
  assert.equal(inOneLine("a\n    b\r\nc"), "a ⏎ b ⏎ c");
  assert.equal(inOneLine("x".repeat(500)).length, 120);
});

test("an edit is made only where the cursor is and the user looks", () => {
  const screen = [{ first: 0, last: 40 }];
  assert.equal(step({ first: 5, last: 5 }, 5, screen, true), "accept");
  assert.equal(step({ first: 5, last: 7 }, 7, screen, true), "accept");
  assert.equal(step({ first: 5, last: 5 }, 6, screen, true), "jump");
  assert.equal(step({ first: 5, last: 5 }, 5, screen, false), "jump");
  assert.equal(step({ first: 50, last: 50 }, 50, screen, true), "jump");
});

test("what is off the screen is pointed to", () => {
  assert.equal(isVisible({ first: 41, last: 41 }, [{ first: 0, last: 40 }]), false);
  assert.equal(isVisible({ first: 50, last: 51 }, [{ first: 0, last: 9 }, { first: 48, last: 60 }]), true);
  assert.equal(pointer({ first: 99, last: 99 }, 3), "↓ next edit in line 100 · Tab");
  assert.match(pointer({ first: 1, last: 1 }, 3), /^↑ .* 2 /);
});
