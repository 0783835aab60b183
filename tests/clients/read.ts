// Asks for a body by the client that openapi-typescript describes, and reads an event by the model that Modelina made.
import createClient from "openapi-fetch";
import type CcgMergedEvent from "./events/CcgMergedEvent.ts";
import type { paths } from "./registry.ts";

const [address, token] = process.argv.slice(2);
const client = createClient<paths>({
  baseUrl: `${address}/registry`,
  headers: { Authorization: `Bearer ${token}` },
});
const { data, error } = await client.GET("/v1/organisations/{code}", {
  params: { path: { code: "14Y" }, query: { as_at: "2018-04-01" } },
});
if (error) throw new Error(error.title);

let event: CcgMergedEvent | undefined;
for (let after = 0, items = 1; event === undefined && items > 0; ) {
  const feed = await client.GET("/v1/events", { params: { query: { after, limit: 500 } } });
  event = feed.data?.items
    .map((item) => item.event as unknown as CcgMergedEvent)
    .find((one) => one.type === "uk.nhs.footprint.CCGMerged.v1");
  items = feed.data?.items.length ?? 0;
  after = feed.data?.next ?? after;
}
process.stdout.write(JSON.stringify({ name: data.name, merged: event?.data?.predecessors }));
