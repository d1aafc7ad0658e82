// Imported before the SDKs: it keeps them from reading this machine's
// configuration and from reaching anything but this machine.
import net from "node:net";
import { devNull } from "node:os";

for (const name of Object.keys(process.env)) {
  if (/^(LANG(SMITH|CHAIN|FUSE)|OTEL)_/.test(name)) {
    delete process.env[name];
  }
}
process.env.LANGSMITH_TRACING = "false";
process.env.LANGSMITH_CONFIG_FILE = devNull; // no profile with credentials of its own

// connected is every host that was connected to.
export const connected = new Set();

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...args) {
  // net.connect passes its normalized arguments as one array.
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  const host = options?.host ?? "localhost";
  if (options?.path === undefined && !loopback.has(host)) {
    throw new Error(`a connection to ${host} was refused: only the fake may be asked`);
  }
  connected.add(host);
  return connect.apply(this, args);
};
