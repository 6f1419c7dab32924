// Verifies a certified number by a contract, without storing it: `node pull_observation.js RPC ORACLE API DAY`.
// API is any reporter's; what it hands out needs no trust. It says nothing of whether a newer number exists.
import { createPublicClient, formatUnits, http, keccak256, parseAbi, toHex, type Address, type Hex } from "viem";

const GROUP = "boj/overnight-call-rate";
const SERIES = "boj/overnight-call-rate/average";
const abi = parseAbi([
  "struct Report { bytes32 setHash; bytes32 group; uint32 date; uint8 status; uint32 revision; uint32 count; bytes32 root; }",
  "struct Entry { bytes32 feed; int256 value; uint64 effectiveAt; uint64 validUntil; bytes32 sourceHash; uint32 parserVersion; uint32 calendarVersion; }",
  "struct Observation { bytes32 feed; uint32 date; uint8 status; uint32 revision; int256 value; uint64 effectiveAt; uint64 validUntil; bytes32 sourceHash; uint32 parserVersion; uint32 calendarVersion; }",
  "function verifyHistorical(Report report, Entry entry, bytes32[] proof, bytes certificate) view returns (Observation)",
]);

type Report = { setHash: Hex; group: Hex; date: number; status: number; revision: number; count: number; root: Hex };
type Entry = {
  feed: Hex;
  value: string;
  effectiveAt: number;
  validUntil: number;
  sourceHash: Hex;
  parserVersion: number;
  calendarVersion: number;
  proof: Hex[];
};
type Certified = { report: Report; entries: Entry[]; certificate: Hex };

async function main(rpc: string, oracle: Address, api: string, day: string): Promise<void> {
  const certified = (await (await fetch(`${api}/reports/${day}/${GROUP}`)).json()) as Certified[];
  const { report, entries, certificate } = certified[certified.length - 1];
  const entry = entries.find((one) => one.feed === keccak256(toHex(SERIES)));
  if (!entry) throw new Error(`${SERIES} is not in that report`);
  const typed = {
    ...entry,
    value: BigInt(entry.value),
    effectiveAt: BigInt(entry.effectiveAt),
    validUntil: BigInt(entry.validUntil),
  };
  const observation = await createPublicClient({ transport: http(rpc) }).readContract({
    address: oracle,
    abi,
    functionName: "verifyHistorical",
    args: [report, typed, entry.proof, certificate],
  });
  console.log(`${SERIES} on ${day}, revision ${observation.revision}: ${formatUnits(observation.value, 8)}`);
}

const [rpc, oracle, api, day] = process.argv.slice(2);
await main(rpc, oracle as Address, api, day);
