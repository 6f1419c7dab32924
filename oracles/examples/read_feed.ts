// Reads a feed of the oracle the way an integrator does: `node read_feed.js RPC FEED`. Exit 3: do not use it now.
import { createPublicClient, formatUnits, http, parseAbi, type Address } from "viem";

const abi = parseAbi([
  "function latestRoundData() view returns (uint80, int256, uint256, uint256, uint80)",
  "function description() view returns (string)",
  "function unit() view returns (string)",
  "function freshness() view returns (uint8)",
  "function nextDueAt() view returns (uint64)",
]);
const FRESHNESS = ["STALE", "LATE", "NOT_DUE_YET", "FRESH"];
const JST_SECONDS = 9n * 3600n;

async function main(rpc: string, address: Address): Promise<number> {
  const client = createPublicClient({ transport: http(rpc) });
  const blockNumber = await client.getBlockNumber(); // every read at one block
  const read = (functionName: "description" | "unit" | "freshness" | "nextDueAt") =>
    client.readContract({ address, abi, functionName, blockNumber });
  const [round, answer, startedAt] = await client.readContract({
    address,
    abi,
    functionName: "latestRoundData",
    blockNumber,
  });
  const freshness = FRESHNESS[Number(await read("freshness"))];
  const date = new Date(Number(startedAt + JST_SECONDS) * 1000).toISOString().slice(0, 10);
  const value = formatUnits(answer, 8); // rates may be zero or negative
  console.log(`${await read("description")}: ${value} ${await read("unit")} for ${date}, round ${round}, ${freshness}`);
  console.log(`next due at ${await read("nextDueAt")}`);
  return freshness === "STALE" ? 3 : 0;
}

const [rpc, feed] = process.argv.slice(2);
if (!rpc || !feed) {
  console.error("usage: node read_feed.js RPC FEED");
  process.exit(2);
}
process.exit(await main(rpc, feed as Address));
