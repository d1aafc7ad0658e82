// What the official clients of Langfuse do against the fake.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { connected } from "./isolation.js";
import { pairs, startLangfuse } from "./fake.js";
import { clients } from "./langfuse.js";

let fake, stop;

before(async () => {
  ({ fake, stop } = await startLangfuse());
  await fake.calm();
});
afterEach(() => fake.calm());
after(() => stop());

// once makes a get ask the registry, and only once.
const once = { cacheTtlSeconds: 0, maxRetries: 0 };

const prompts = "GET /api/public/v2/prompts/";

for (const [sdk, newClient] of Object.entries(clients)) {
  describe(sdk, () => {
    let client;
    const named = (name) => `${sdk}/${name}`;
    const connect = (pair, rest) => newClient({ baseUrl: fake.url, ...pair, ...rest });

    before(() => {
      client = connect(pairs.acme);
    });

    test("by name, label and version", async () => {
      const name = named("greeting");
      await fake.push(name, "Hello {{name}}");
      await fake.push(name, "Hi {{name}}", { labels: ["staging"], config: { model: "m", n: 1.5 }, tags: ["a", "b"], commitMessage: "shorter" });
      for (const [options, version, labels] of [
        [{}, 1, ["production"]],
        [{ label: "production" }, 1, ["production"]],
        [{ version: 1 }, 1, ["production"]],
        [{ label: "staging" }, 2, ["staging", "latest"]],
        [{ label: "latest" }, 2, ["staging", "latest"]],
        [{ version: 2 }, 2, ["staging", "latest"]],
      ]) {
        const prompt = await client.get(name, { ...once, ...options });
        assert.equal(prompt.name, name);
        assert.equal(prompt.version, version, JSON.stringify(options));
        assert.deepEqual(prompt.labels.sort(), labels.sort());
        assert.deepEqual(prompt.tags, ["a", "b"]);
        assert.deepEqual(prompt.config, version === 1 ? {} : { model: "m", n: 1.5 });
        assert.equal(prompt.commitMessage, version === 1 ? null : "shorter");
        assert.equal(prompt.isFallback, false);
        assert.equal(prompt.type, "text");
        assert.equal(prompt.compile({ name: "Ada" }), version === 1 ? "Hello Ada" : "Hi Ada");
      }
      assert.deepEqual(
        await fake.requests(),
        ["", "?label=production", "?version=1", "?label=staging", "?label=latest", "?version=2"].map((query) => `${prompts}${sdk}%2Fgreeting${query}`),
      );
    });

    for (const name of ["one/two/three", "with blank", "città 提示 😀", "a?b&c=d", "100%", "C# tutor", "it's (a) test!*", "a+b@c:d$e;f,g", "~tilde._-"]) {
      test(`the name ${name}`, async () => {
        await fake.push(named(name), "x");
        assert.equal((await client.get(named(name), once)).name, named(name));
        assert.deepEqual(await fake.requests(), [prompts + encodeURIComponent(named(name))]);
      });
    }

    test("a chat with a placeholder", async () => {
      await fake.push(named("chat"), [
        { role: "system", content: "You are {{who}}." },
        { type: "placeholder", name: "history" },
        { role: "user", content: "{{question}}" },
      ]);
      const prompt = await client.get(named("chat"), { ...once, type: "chat" });
      assert.equal(prompt.type, "chat");
      const variables = { who: "kind", question: "<why>?" };
      assert.deepEqual(prompt.compile(variables, { history: [{ role: "user", content: "hi, {{who}}" }] }), [
        { role: "system", content: "You are kind." },
        { role: "user", content: "hi, kind" },
        { role: "user", content: "<why>?" },
      ]);
      assert.deepEqual(prompt.compile(variables)[1], { type: "placeholder", name: "history" });
      assert.deepEqual(prompt.compile(variables, { history: [] }).length, 2);
    });

    test("a prompt composed of others", async () => {
      await fake.push(named("part"), "kind");
      await fake.push(named("whole"), `Be @@@langfusePrompt:name=${named("part")}|label=production@@@.`);
      assert.equal((await client.get(named("whole"), once)).compile(), "Be kind.");
      await fake.deletePrompt(named("part"));
      await assert.rejects(client.get(named("whole"), once), /could not be resolved|not found/i);
    });

    test("a change, a moved label, a deletion", async () => {
      const name = named("changing");
      const first = await fake.push(name, "one");
      assert.equal((await client.get(name, once)).compile(), "one");
      await fake.push(name, "two");
      assert.equal((await client.get(name, once)).compile(), "two");
      await fake.moveLabel(name, "production", first);
      assert.equal((await client.get(name, once)).compile(), "one");
      await fake.deletePrompt(name);
      await assert.rejects(client.get(name, once), /Prompt not found/);
    });

    test("cached, unless its time to live is 0", async () => {
      await fake.push(named("cached"), "x");
      for (const options of [{}, {}, once]) {
        assert.equal((await client.get(named("cached"), options)).compile(), "x");
      }
      assert.equal((await fake.requests()).length, 2);
    });

    test("the fallback, if there is nothing else", async () => {
      const text = await client.get(named("absent"), { ...once, fallback: "Hello {{name}}" });
      assert.deepEqual([text.isFallback, text.version, text.compile({ name: "Ada" })], [true, 0, "Hello Ada"]);
      const chat = await client.get(named("absent"), { ...once, type: "chat", label: "staging", fallback: [{ role: "user", content: "{{q}}" }] });
      assert.deepEqual([chat.isFallback, chat.labels, chat.compile({ q: "why?" })], [true, ["staging"], [{ role: "user", content: "why?" }]]);
      await fake.push(named("present"), "real");
      assert.equal((await client.get(named("present"), { ...once, fallback: "not this" })).isFallback, false);
      await fake.inject({ kind: "status", status: 500, prompt: `acme|${named("present")}` });
      assert.equal((await client.get(named("present"), { ...once, fallback: "this" })).compile(), "this");
    });

    test("another attempt after a 500 and a cut connection", async () => {
      await fake.push(named("shaky"), "x");
      await fake.inject({ kind: "status", status: 500, times: 1 });
      assert.equal((await client.get(named("shaky"), { cacheTtlSeconds: 0 })).compile(), "x");
      assert.equal((await fake.requests()).length, 2);
    });

    test("no answer in time", async () => {
      await fake.push(named("slow"), "x");
      await fake.inject({ kind: "hang" });
      await assert.rejects(client.get(named("slow"), { ...once, fetchTimeoutMs: 200 }));
    });

    test("wrong keys, an organization's, another project's prompt", async () => {
      const name = named("private");
      await fake.push(name, "x");
      for (const [pair, message] of [
        [{ ...pairs.acme, secretKey: "sk-lf-wrong" }, /Invalid credentials/],
        [{ ...pairs.acme, publicKey: "pk-lf-wrong" }, /Invalid public key|Invalid credentials/],
        [pairs.org, /Access denied/],
        [pairs.beta, /Prompt not found/],
      ]) {
        await assert.rejects(connect(pair).get(name, once), message);
      }
    });

    test("a version and a label", async () => {
      await fake.push(named("both"), "x");
      await assert.rejects(client.get(named("both"), { ...once, version: 1, label: "production" }), /version (or|and) label|both/i);
    });

    test("the registry's limit", async (t) => {
      await fake.push(named("limited"), "x");
      await fake.limit(1);
      t.after(() => fake.limit(0));
      await client.get(named("limited"), once);
      await assert.rejects(client.get(named("limited"), once), /Rate limit exceeded/);
    });

    test("creates, relabels and lists", async () => {
      const name = named("made here");
      const created = await client.create({ name, prompt: "Hello {{name}}", labels: ["production"], tags: ["t"], config: { a: 1 }, commitMessage: "first" });
      assert.deepEqual([created.version, created.compile({ name: "Ada" })], [1, "Hello Ada"]);
      assert.equal((await client.create({ name, prompt: "Hi" })).version, 2);
      assert.equal((await client.get(name, once)).version, 1);
      await client.update({ name, version: 2, newLabels: ["production"] });
      assert.equal((await client.get(name, once)).version, 2);

      const chat = await client.create({
        name: named("chat made here"),
        type: "chat",
        prompt: [{ role: "user", content: "{{q}}" }, { type: "placeholder", name: "history" }],
        labels: ["production"],
      });
      assert.deepEqual(chat.compile({ q: "why?" }), [{ role: "user", content: "why?" }, { type: "placeholder", name: "history" }]);
      assert.deepEqual((await client.get(named("chat made here"), once)).prompt, chat.prompt);

      const { data, meta } = await client.list({ name });
      assert.deepEqual([meta.page, meta.totalItems], [1, 1]);
      assert.deepEqual([data[0].name, data[0].versions, data[0].tags], [name, [1, 2], ["t"]]);
      assert.deepEqual((await client.list({ label: "no-such-label" })).data, []);
    });

    test("creates nothing that the registry refuses", async () => {
      await fake.push(named("a text"), "x");
      for (const body of [
        { name: named("a|b"), prompt: "x" },
        { name: named("x"), prompt: "x", labels: ["Not A Label"] },
        { name: named("a text"), type: "chat", prompt: [] },
      ]) {
        const made = await client.create(body).catch(() => ({})); // v3 does not say that it was refused
        assert.equal(made.version, undefined, body.name);
      }
      assert.equal((await client.get(named("a text"), once)).version, 1);
      assert.deepEqual((await client.list({ name: named("x") })).data, []);
    });

    if (sdk === "v5") { // v3 cannot
      test("deletes", async () => {
        await fake.push(named("doomed"), "x");
        await client.delete(named("doomed"));
        await assert.rejects(client.get(named("doomed"), once), /Prompt not found/);
      });
    }
  });
}

test("nothing was read of this machine's configuration", () => {
  assert.deepEqual(Object.keys(process.env).filter((name) => name.startsWith("LANGFUSE_")), []);
});

test("nothing but the fake was asked", () => {
  assert.deepEqual([...connected], ["127.0.0.1"]);
});
