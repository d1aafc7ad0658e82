// The fakes that the tests ask: the ones at FAKELANGSMITH_URL and
// FAKELANGFUSE_URL, or else ones that are built and started here. They are
// driven through their admin endpoints.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

// The keys that the fake of LangSmith accepts.
export const keys = { acme: "acme-key", beta: "beta-key", org: "org-key" };

// The pairs of keys that the fake of Langfuse accepts.
export const pairs = {
  acme: { publicKey: "pk-lf-acme", secretKey: "sk-lf-acme" },
  beta: { publicKey: "pk-lf-beta", secretKey: "sk-lf-beta" },
  org: { publicKey: "pk-lf-org", secretKey: "sk-lf-org" },
};

// startLangSmith returns the fake of LangSmith, and how to end it.
export function startLangSmith() {
  const accepted = [`${keys.acme}=acme`, `${keys.beta}=beta`, `${keys.org}=`];
  return start(LangSmith, process.env.FAKELANGSMITH_URL, "fakelangsmith", accepted);
}

// startLangfuse returns the fake of Langfuse, and how to end it.
export function startLangfuse() {
  const of = ({ publicKey, secretKey }, project) => `${publicKey}:${secretKey}=${project}`;
  const accepted = [of(pairs.acme, "acme"), of(pairs.beta, "beta"), of(pairs.org, "")];
  return start(Langfuse, process.env.FAKELANGFUSE_URL, "fakelangfuse", accepted);
}

async function start(Fake, given, command, accepted) {
  if (given) {
    return { fake: new Fake(given), stop() {} };
  }
  const dir = mkdtempSync(join(tmpdir(), `${command}-`));
  const binary = join(dir, `${command}.exe`); // a name that Windows runs, too
  const here = dirname(fileURLToPath(import.meta.url));
  execFileSync("go", ["build", "-o", binary, `../cmd/${command}`], { cwd: here, stdio: "inherit" });
  const flags = ["-addr", "127.0.0.1:0", "-demo=false", ...accepted.flatMap((key) => ["-key", key])];
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

  inject(fault) {
    return this.admin("POST", "faults", fault);
  }

  // calm removes the faults and forgets the requests.
  async calm() {
    await this.admin("DELETE", "faults");
    await this.admin("DELETE", "requests");
  }

  // requests lists what was asked, as "METHOD path?query".
  async requests() {
    const { requests } = await this.admin("GET", "requests");
    return requests.map(({ method, path, query }) => `${method} ${path}${query && "?" + query}`);
  }

  async admin(method, path, body) {
    const response = await fetch(`${this.url}/_fake/${path}`, { method, body: body && JSON.stringify(body) });
    if (!response.ok) {
      throw new Error(`${method} ${path}: ${await response.text()}`);
    }
    return response.json();
  }
}

class LangSmith extends Fake {
  // push returns the commit's hash.
  async push(prompt, commit) {
    const body = typeof commit === "string" ? { template: commit } : commit;
    return (await this.admin("POST", `prompts/${owned(prompt)}/commits`, body)).commit_hash;
  }

  setTag(prompt, tag, commit) {
    return this.admin("PUT", `prompts/${owned(prompt)}/tags/${tag}`, { commit });
  }

  setPublic(prompt, isPublic) {
    return this.admin("PUT", `prompts/${owned(prompt)}/public`, { public: isPublic });
  }

  deletePrompt(prompt) {
    return this.admin("DELETE", `prompts/${owned(prompt)}`);
  }
}

function owned(prompt) {
  return prompt.includes("/") ? prompt : `-/${prompt}`;
}

class Langfuse extends Fake {
  // push adds a version with the label production, unless it says otherwise, and
  // returns its number.
  async push(prompt, content, rest = { labels: ["production"] }) {
    return (await this.admin("POST", `prompts/acme/${encodeURIComponent(prompt)}/versions`, { prompt: content, ...rest })).version;
  }

  moveLabel(prompt, label, version) {
    return this.admin("PUT", `prompts/acme/${encodeURIComponent(prompt)}/labels/${label}`, { version });
  }

  deletePrompt(prompt) {
    return this.admin("DELETE", `prompts/acme/${encodeURIComponent(prompt)}`);
  }

  limit(requests) {
    return this.admin("PUT", "limit", { requests, window: "1h" });
  }
}
