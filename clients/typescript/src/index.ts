/** A typed client of the recops gateway, for browsers and servers; tries again where that is safe. */

import type { components } from "./schema.ts";

type Schemas = components["schemas"];
export type RecommendRequest = Schemas["RecommendRequest"];
export type SearchRequest = Schemas["SearchRequest"];
export type SimilarRequest = Schemas["SimilarRequest"];
export type FeedbackEvent = Schemas["FeedbackEvent"];
export type Recommendations = Schemas["answer_recommend"];
export type SearchResult = Schemas["answer_search"];
export type SimilarItems = Schemas["answer_similar"];
export type Accepted = Schemas["answer_feedback"];

/** The gateway refused the request for good: asking again would not help. */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  /** The field of the request that was wrong, if it was one. */
  readonly field: string | null;

  constructor(status: number, code: string, message: string, field: string | null = null) {
    super(`${status} ${code}: ${message}`);
    this.name = "Refused";
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/** Nobody answered, or only that it cannot now, in all tries. */
export class Unreachable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "Unreachable";
  }
}

export interface Options {
  /** Of the gateway. */
  url?: string;
  /** With keys on, the server's or client's. Never put a server's key into a page. */
  key?: string;
  /** What your backend signed for the user, with a client's key. */
  userToken?: string;
  /** Of one try. */
  timeoutMs?: number;
  /** In all. */
  tries?: number;
  /** Between two tries, whatever the gateway asks for. */
  longestPauseMs?: number;
  fetch?: typeof fetch;
}

/** Statuses that say that the same request may be answered later. */
const AGAIN = new Set([429, 502, 503, 504]);

export class RecopsClient {
  readonly #options: Required<Omit<Options, "key" | "userToken">>;
  readonly #headers: Record<string, string>;

  constructor(options: Options = {}) {
    this.#options = {
      url: (options.url ?? "http://127.0.0.1:8080").replace(/\/$/, ""),
      timeoutMs: options.timeoutMs ?? 5000,
      tries: options.tries ?? 3,
      longestPauseMs: options.longestPauseMs ?? 5000,
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    };
    if (this.#options.tries < 1) throw new RangeError(`tries: at least 1, not ${options.tries}`);
    this.#headers = {
      "content-type": "application/json",
      ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      ...(options.userToken === undefined ? {} : { "x-recops-user-token": options.userToken }),
    };
  }

  /** The best items for a user. Send `request_id` with what they do about it. */
  recommend(request: RecommendRequest): Promise<Recommendations> {
    return this.#post("/recommend", request);
  }

  /** Items that fulfil what the query says, in the order of that user's taste. */
  search(request: SearchRequest): Promise<SearchResult> {
    return this.#post("/search", request);
  }

  /** The nearest items to one. */
  similar(request: SimilarRequest): Promise<SimilarItems> {
    return this.#post("/similar", request);
  }

  /** Tell what people did; it is on disk once this resolves, and one that is sent twice counts once. */
  feedback(events: FeedbackEvent[]): Promise<Accepted> {
    return this.#post(
      "/feedback",
      events.map((event) => ({ event_id: crypto.randomUUID(), ...event })),
    );
  }

  async #post<T>(path: string, body: unknown): Promise<T> {
    const { url, tries, timeoutMs } = this.#options;
    const sent = { method: "POST", headers: this.#headers, body: JSON.stringify(body) };
    let reply: Response | undefined;
    let failure: unknown;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      if (attempt > 0) await this.#pause(attempt, reply);
      try {
        reply = await this.#options.fetch(url + path, { ...sent, signal: AbortSignal.timeout(timeoutMs) });
      } catch (error) {
        reply = undefined;
        failure = error;
        continue;
      }
      if (!AGAIN.has(reply.status)) return answerOf<T>(reply);
    }
    if (reply !== undefined) throw new Unreachable(`${url} answered ${reply.status} ${tries} times`);
    throw new Unreachable(`${url} does not answer: ${failure}`, failure);
  }

  #pause(attempt: number, reply: Response | undefined): Promise<void> {
    const asked = reply?.headers.get("retry-after") ?? "";
    const wanted = /^\d+$/.test(asked) ? Number(asked) * 1000 : 100 * 2 ** (attempt - 1);
    return new Promise((resolve) => setTimeout(resolve, Math.min(wanted, this.#options.longestPauseMs)));
  }
}

async function answerOf<T>(reply: Response): Promise<T> {
  const body = await reply.json().catch(() => undefined);
  if (reply.ok && typeof body === "object" && body !== null) return body as T;
  const error = body?.error;
  if (typeof error === "object" && error !== null) {
    throw new Refused(reply.status, String(error.code), String(error.message), error.field ?? null);
  }
  throw new Refused(reply.status, "no_answer", `${reply.url} is no recops gateway`);
}
