// What the official SDK of LangSmith does against the fake.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { connected } from "./isolation.js";
import { newClient, newRetryingClient } from "./langsmith.js";
import { keys, startLangSmith } from "./fake.js";
import { modelConfig, prompt, sequence } from "./manifests.js";

let fake, stop;
let client; // of workspace acme, at the fake's root

before(async () => {
  ({ fake, stop } = await startLangSmith());
  client = newClient({ apiUrl: fake.url, apiKey: keys.acme });
  await fake.calm();
});
afterEach(() => fake.calm());
after(() => stop());

const text = (commit) => commit.manifest.kwargs.template;

describe("pulls", () => {
  let first, second;
  before(async () => {
    first = await fake.push("greeting", "Hello {name}");
    second = await fake.push("greeting", "Hi {name}");
    await fake.setTag("greeting", "production", first);
  });

  for (const base of ["", "/", "/api", "/api/v1", "/api/v1/"]) {
    test(`every spelling, at the endpoint <fake>${base}`, async () => {
      const at = newClient({ apiUrl: fake.url + base, apiKey: keys.acme });
      const want = { Hello: first, Hi: second };
      for (const [identifier, word] of [
        ["greeting", "Hi"],
        ["greeting:", "Hi"],
        ["greeting:latest", "Hi"],
        ["-/greeting", "Hi"],
        ["greeting:production", "Hello"],
        [`greeting:${first}`, "Hello"],
        [`greeting:${first.slice(0, 8)}`, "Hello"],
        [`greeting:${second.slice(0, 20)}`, "Hi"],
      ]) {
        const commit = await at.pullPromptCommit(identifier);
        assert.equal(text(commit), `${word} {name}`, identifier);
        assert.equal(commit.commit_hash, want[word], identifier);
        assert.deepEqual([commit.owner, commit.repo, commit.examples], ["-", "greeting", []], identifier);
        assert.deepEqual([commit.hub_model_config, commit.hub_model_provider], [null, null], identifier);
      }
    });
  }

  test("at the endpoint and with the key of the environment", async (t) => {
    const set = { LANGSMITH_ENDPOINT: fake.url, LANGSMITH_API_KEY: keys.acme };
    Object.assign(process.env, set);
    t.after(() => Object.keys(set).forEach((name) => delete process.env[name]));
    assert.equal(text(await newClient().pullPromptCommit("greeting")), "Hi {name}");
  });

  test("one request a pull, and nothing but the pull", async () => {
    await client.pullPromptCommit("greeting:production");
    await client.pullPromptCommit("greeting", { includeModel: true });
    assert.deepEqual(await fake.requests(), [
      "GET /commits/-/greeting/production",
      "GET /commits/-/greeting/latest?include_model=true",
    ]);
  });

  test("a change, a moved tag, a deletion", async () => {
    await fake.push("changing", "one");
    assert.equal(text(await client.pullPromptCommit("changing")), "one");
    await fake.push("changing", "two");
    await fake.setTag("changing", "production", "latest");
    assert.equal(text(await client.pullPromptCommit("changing:production")), "two");
    await fake.deletePrompt("changing");
    await assert.rejects(client.pullPromptCommit("changing"), { name: "LangSmithNotFoundError" });
  });

  test("with and without the model", async () => {
    await fake.push("translator", { manifest: sequence, examples: [{ inputs: { text: "a" } }] });
    const without = await client.pullPromptCommit("translator");
    assert.deepEqual(without.manifest, prompt);
    assert.deepEqual(without.examples, [{ inputs: { text: "a" } }]);
    assert.equal(without.hub_model_provider, null);
    const withModel = await client.pullPromptCommit("translator", { includeModel: true });
    assert.deepEqual(withModel.manifest, sequence);
    assert.deepEqual(withModel.hub_model_config, modelConfig);
    assert.equal(withModel.hub_model_provider, "ChatOpenAI");
  });

  test("an owner's prompt only after opting in", async () => {
    const hash = await fake.push("beta/shared", "Shared");
    await fake.setPublic("beta/shared", true);
    await assert.rejects(client.pullPromptCommit("beta/shared"), /dangerouslyPullPublicPrompt/);
    assert.deepEqual(await fake.requests(), [], "it was refused before any request");
    const optIn = { dangerouslyPullPublicPrompt: true };
    const commit = await client.pullPromptCommit("beta/shared", optIn);
    assert.deepEqual([commit.commit_hash, commit.owner, commit.repo], [hash, "beta", "shared"]);
    assert.equal(text(await client.pullPromptCommit("acme/greeting:production", optIn)), "Hello {name}");
  });

  test("no other workspace's private prompt", async () => {
    await fake.push("beta/secret", "Secret");
    await assert.rejects(client.pullPromptCommit("beta/secret", { dangerouslyPullPublicPrompt: true }), {
      name: "LangSmithNotFoundError",
    });
    const beta = newClient({ apiUrl: fake.url, apiKey: keys.beta });
    assert.equal(text(await beta.pullPromptCommit("secret")), "Secret");
  });
});

describe("lists", () => {
  test("all prompts, page by page", async () => {
    for (let i = 0; i < 101; i++) {
      await fake.push(`listed-${i}`, "x");
    }
    await fake.setPublic("listed-7", true);
    await fake.calm();
    const all = [];
    for await (const repo of client.listPrompts({ query: "LISTED-" })) {
      all.push(repo.repo_handle);
    }
    assert.equal(new Set(all).size, 101);
    assert.equal(all[0], "listed-100", "the last changed comes first");
    assert.equal((await fake.requests()).length, 2);
    const shown = [];
    for await (const repo of client.listPrompts({ isPublic: true, query: "listed-" })) {
      shown.push(repo.full_name);
    }
    assert.deepEqual(shown, ["acme/listed-7"]);
    for await (const repo of client.listPrompts({ isArchived: true })) {
      assert.fail(`${repo.full_name} is not archived`);
    }
  });

  test("a prompt's data, and null if there is none", async () => {
    await fake.push("described", { template: "x", description: "what it is for" });
    const hash = await fake.push("described", "y");
    const repo = await client.getPrompt("described:any-version");
    assert.equal(repo.full_name, "acme/described");
    assert.equal(repo.description, "what it is for");
    assert.equal(repo.num_commits, 2);
    assert.equal(repo.last_commit_hash, hash);
    assert.equal(repo.is_public, false);
    assert.equal(await client.promptExists("described"), true);
    assert.equal(await client.getPrompt("absent"), null);
    assert.equal(await client.promptExists("absent"), false);
  });

  test("a prompt's commits, newest first", async () => {
    const hashes = [await fake.push("history", "1"), await fake.push("history", "2")];
    const listed = [];
    for await (const commit of client.listCommits("history")) {
      listed.unshift(commit.commit_hash);
    }
    assert.deepEqual(listed, hashes);
  });
});

describe("errors", () => {
  before(() => fake.push("p", "x"));

  test("not found: a prompt, a tag, a hash, a prefix that is too short", async () => {
    const { commit_hash: hash } = await client.pullPromptCommit("p");
    for (const identifier of ["absent", "p:absent", `p:${"0".repeat(64)}`, `p:${hash.slice(0, 7)}`]) {
      await assert.rejects(client.pullPromptCommit(identifier), { name: "LangSmithNotFoundError", status: 404 }, identifier);
    }
  });

  test("unauthorized: a wrong key, none at all", async () => {
    const wrong = newClient({ apiUrl: fake.url, apiKey: "wrong" });
    await assert.rejects(wrong.pullPromptCommit("p"), { name: "Error", status: 401, message: /Invalid API key/ });
    const none = newClient({ apiUrl: fake.url, apiKey: "" });
    await assert.rejects(none.pullPromptCommit("p"), { name: "Error", status: 401, message: /Missing authentication/ });
  });

  test("forbidden: an organization's key needs a workspace, and a known one", async () => {
    const org = newClient({ apiUrl: fake.url, apiKey: keys.org });
    await assert.rejects(org.pullPromptCommit("p"), { status: 403, message: /LANGSMITH_WORKSPACE_ID/ });
    const strange = newClient({ apiUrl: fake.url, apiKey: keys.org, workspaceId: "gamma" });
    await assert.rejects(strange.pullPromptCommit("p"), { status: 403, message: /does not open workspace/ });
    const { tenant_id } = await client.getPrompt("p");
    const inAcme = newClient({ apiUrl: fake.url, apiKey: keys.org, workspaceId: tenant_id });
    assert.equal(text(await inAcme.pullPromptCommit("p")), "x");
  });

  test("any status", async () => {
    for (const [status, name] of [
      [403, "Error"],
      [409, "LangSmithConflictError"],
      [422, "Error"],
      [429, "Error"],
      [500, "Error"],
      [503, "Error"],
    ]) {
      await fake.inject({ kind: "status", status, retry_after: "1", times: 1 });
      await assert.rejects(client.pullPromptCommit("p"), { name, status });
    }
    await fake.inject({ kind: "html", status: 404, times: 1 });
    await assert.rejects(client.pullPromptCommit("p"), { name: "LangSmithNotFoundError", message: /<html>/ });
  });

  test("a failure that passes is retried", async () => {
    await fake.inject({ kind: "status", status: 429, retry_after: "3600", times: 1 });
    const retrying = newRetryingClient({ apiUrl: fake.url, apiKey: keys.acme });
    assert.equal(text(await retrying.pullPromptCommit("p")), "x");
    assert.equal((await fake.requests()).length, 2);
  });

  test("broken answers", async () => {
    for (const [fault, error] of [
      [{ kind: "garbage" }, { name: "SyntaxError" }],
      [{ kind: "html" }, { name: "SyntaxError" }],
      [{ kind: "truncated" }, { name: "SyntaxError" }],
      [{ kind: "reset" }, { message: "fetch failed" }],
      [{ kind: "cut" }, { message: "terminated" }],
    ]) {
      await fake.inject({ ...fault, times: 1 });
      await assert.rejects(client.pullPromptCommit("p"), error, fault.kind);
    }
  });

  test("no answer in time", async () => {
    await fake.inject({ kind: "hang" });
    const hasty = newClient({ apiUrl: fake.url, apiKey: keys.acme, timeout_ms: 50 });
    await assert.rejects(hasty.pullPromptCommit("p"), { name: "TimeoutError" });
  });

  test("no such address", async () => {
    const elsewhere = newClient({ apiUrl: fake.url + "/elsewhere", apiKey: keys.acme });
    await assert.rejects(elsewhere.pullPromptCommit("p"), { name: "LangSmithNotFoundError", message: /Not Found/ });
  });
});

describe("the network", () => {
  test("nothing but the fake was asked", () => {
    assert.deepEqual([...connected], ["127.0.0.1"]);
  });

  test("anything else would have been refused", async () => {
    for (const url of ["http://192.0.2.1/", "https://192.0.2.1/", "https://elsewhere.example/"]) {
      await assert.rejects(fetch(url), (error) => /only the fake may be asked/.test(error.cause?.message), url);
    }
  });
});
