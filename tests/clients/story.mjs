// What a program does with the TypeScript client: `node story.mjs DIST URL`; prints what came back as JSON.
import { pathToFileURL } from "node:url";

const [, , dist, url] = process.argv;
const { RecopsClient, Refused, Unreachable } = await import(pathToFileURL(`${dist}/index.js`).href);
const recops = new RecopsClient({ url });
const shown = await recops.recommend({ user_id: "8", k: 3, exclude: ["101"] });
const event = { event_id: "once", user_id: "8", item_id: shown.items[0].item_id, type: "click", request_id: shown.request_id };
const told = { first: await recops.feedback([event]), second: await recops.feedback([event]) };
const refused = await recops.recommend({ user_id: "8", k: 0 }).catch((error) => error);

const sent = [];
const flaky = new RecopsClient({
  url,
  longestPauseMs: 0,
  fetch: (address, request) => {
    sent.push(JSON.parse(request.body));
    return sent.length < 3 ? Promise.resolve(new Response("", { status: 503 })) : fetch(address, request);
  },
});
const late = await flaky.feedback([{ user_id: "8", item_id: "101", type: "click" }]);
const away = await new RecopsClient({ url: "http://127.0.0.1:1", longestPauseMs: 0 }).similar({ item_id: "101" }).catch((e) => e);
console.log(
  JSON.stringify({
    ranks: shown.items.map((item) => item.rank),
    excluded: !shown.items.some((item) => item.item_id === "101"),
    told,
    refused: refused instanceof Refused && refused.field,
    late,
    ids: [...new Set(sent.map((events) => events[0].event_id))].length,
    tries: sent.length,
    away: away instanceof Unreachable,
  }),
);
