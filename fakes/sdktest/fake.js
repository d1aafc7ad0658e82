// The fake that the tests ask: the one at FAKELANGSMITH_URL, or else one that is
// built and started here. It is driven through its admin endpoints.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// The keys that the fake accepts.
export const keys = { acme: "acme-key", beta: "beta-key", org: "org-key" };

// startFake returns the fake, and how to end it.
export async function startFake() {
  const given = process.env.FAKELANGSMITH_URL;
  if (given) {
    return { fake: new Fake(given), stop() {} };
  }
  const dir = mkdtempSync(join(tmpdir(), "fakelangsmith-"));
  const binary = join(dir, "fakelangsmith.exe"); // a name that Windows runs, too
  const here = dirname(fileURLToPath(import.meta.url));
  execFileSync("go", ["build", "-o", binary, "../cmd/fakelangsmith"], { cwd: here, stdio: "inherit" });
  const flags = ["-addr", "127.0.0.1:0", "-demo=false"];
  flags.push("-key", `${keys.acme}=acme`, "-key", `${keys.beta}=beta`, "-key", `${keys.org}=`);
  const child = spawn(binary, flags, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const line = await firstLine(child.stdout);
  if (!line.startsWith("listening on ")) {
    throw new Error(`the fake did not start: exit code ${await exited}`);
  }
  return {
    fake: new Fake(line.replace("listening on ", "")),
    async stop() {
      child.kill();
      await exited;
      rmSync(dir, { recursive: true });
    },
  };
}

// firstLine is "" if the stream ends without one.
async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) {
    return line;
  }
  return "";
}

// Fake drives a running fake.
class Fake {
  constructor(url) {
    this.url = url;
  }

  // push returns the commit's hash.
  async push(prompt, commit) {
    const body = typeof commit === "string" ? { template: commit } : commit;
    return (await this.#admin("POST", `prompts/${owned(prompt)}/commits`, body)).commit_hash;
  }

  setTag(prompt, tag, commit) {
    return this.#admin("PUT", `prompts/${owned(prompt)}/tags/${tag}`, { commit });
  }

  setPublic(prompt, isPublic) {
    return this.#admin("PUT", `prompts/${owned(prompt)}/public`, { public: isPublic });
  }

  deletePrompt(prompt) {
    return this.#admin("DELETE", `prompts/${owned(prompt)}`);
  }

  inject(fault) {
    return this.#admin("POST", "faults", fault);
  }

  // calm removes the faults and forgets the requests.
  async calm() {
    await this.#admin("DELETE", "faults");
    await this.#admin("DELETE", "requests");
  }

  // requests lists what was asked, as "METHOD path?query".
  async requests() {
    const { requests } = await this.#admin("GET", "requests");
    return requests.map(({ method, path, query }) => `${method} ${path}${query && "?" + query}`);
  }

  async #admin(method, path, body) {
    const response = await fetch(`${this.url}/_fake/${path}`, { method, body: body && JSON.stringify(body) });
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${await response.text()}`);
    }
    return response.json();
  }
}

function owned(prompt) {
  return prompt.includes("/") ? prompt : `-/${prompt}`;
}
