import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { migrate } from "./schema-migrations.ts";

const inObject = <T>(name: string, use: (storage: DurableObjectStorage) => T) =>
  runInDurableObject(env.SETTINGS.getByName(name), (_, { storage }) => use(storage));
const first = "CREATE TABLE t (a INTEGER); INSERT INTO t (a) VALUES (1)";
const second = "ALTER TABLE t ADD COLUMN b INTEGER; UPDATE t SET b = a + 1";

test("each step runs once, later ones on top of what is there", () =>
  inObject("migrated", (storage) => {
    migrate(storage, [first]);
    migrate(storage, [first]);
    migrate(storage, [first, second]);
    migrate(storage, [first, second]);
    expect(storage.sql.exec("SELECT a, b FROM t").toArray()).toEqual([{ a: 1, b: 2 }]);
    expect(storage.sql.exec("SELECT step FROM migrations").toArray()).toEqual([{ step: 1 }, { step: 2 }]);
  }));

test("a step that fails leaves nothing of itself or of those before it in the same go", () =>
  inObject("failed", (storage) => {
    expect(() => migrate(storage, [first, "NOT SQL"])).toThrow(/syntax/);
    expect(storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('t', 'migrations')").toArray()).toEqual([]);
    migrate(storage, [first]);
    expect(storage.sql.exec("SELECT a FROM t").toArray()).toEqual([{ a: 1 }]);
  }));

test("tables of a newer version are left as they are", () =>
  inObject("newer", (storage) => {
    migrate(storage, [first, second]);
    migrate(storage, [first]);
    expect(storage.sql.exec("SELECT MAX(step) AS step FROM migrations").one()).toEqual({ step: 2 });
  }));
