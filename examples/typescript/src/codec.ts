// Where payloads are encrypted, the codec server of docs/encryption.md reads and writes
// them for a client that has no keyset.

import type { DataConverter } from "@temporalio/client";

type Codec = NonNullable<DataConverter["payloadCodecs"]>[number];
type Payload = Parameters<Codec["encode"]>[0][number];

/** remoteCodec has the codec server at a URL encrypt and decrypt, for who has its bearer token. */
export function remoteCodec(url: string, token: string): Codec {
  const ask = async (path: string, payloads: Payload[]): Promise<Payload[]> => {
    const answer = await fetch(url + path, {
      method: "POST",
      headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ payloads: payloads.map(toJSON) }),
    });
    if (!answer.ok) throw new Error(`codec server: ${answer.status} ${await answer.text()}`);
    return ((await answer.json()) as { payloads: PayloadJSON[] }).payloads.map(fromJSON);
  };
  return {
    encode: (payloads) => ask("/encode", payloads),
    decode: (payloads) => ask("/decode", payloads),
  };
}

/** PayloadJSON is a payload as protobuf writes it in JSON: bytes are base64. */
type PayloadJSON = { metadata?: Record<string, string>; data?: string };

function toJSON({ metadata, data }: Payload): PayloadJSON {
  return { metadata: values(metadata ?? {}, toBase64), data: toBase64(data ?? new Uint8Array()) };
}

function fromJSON({ metadata, data }: PayloadJSON): Payload {
  return { metadata: values(metadata ?? {}, fromBase64), data: fromBase64(data ?? "") };
}

function values<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function toBase64(bytes: Uint8Array): string { return Buffer.from(bytes).toString("base64"); }

function fromBase64(text: string): Uint8Array { return new Uint8Array(Buffer.from(text, "base64")); }
