// The paths of the Storage API, with the neighbour's files and with names that try to reach another's files.
import { BUCKETS } from "../access/buckets.ts";
import type { Call, CallContext, Target } from "./targets.ts";
import { anyText } from "./values.ts";

const ROUTES: [string, string][] = [
  ...(["GET", "POST", "PUT", "DELETE", "HEAD"] as const).map((method): [string, string] => [
    method,
    "object/{bucket}/{path}",
  ]),
  ["GET", "object/authenticated/{bucket}/{path}"],
  ["GET", "object/public/{bucket}/{path}"],
  ["GET", "object/info/{bucket}/{path}"],
  ["GET", "render/image/authenticated/{bucket}/{path}"],
  ["POST", "object/list/{bucket}"],
  ["POST", "object/sign/{bucket}/{path}"],
  ["GET", "object/sign/{bucket}/{path}?token=a.b.c"],
  ["POST", "object/sign/{bucket}"],
  ["POST", "object/upload/sign/{bucket}/{path}"],
  ["PUT", "object/upload/sign/{bucket}/{path}?token=a.b.c"],
  ["DELETE", "object/{bucket}"],
  ["POST", "object/move"],
  ["POST", "object/copy"],
  ["GET", "bucket"],
  ["POST", "bucket"],
  ["GET", "bucket/{bucket}"],
  ["PUT", "bucket/{bucket}"],
  ["DELETE", "bucket/{bucket}"],
  ["POST", "bucket/{bucket}/empty"],
];

export function storageTargets(): Target[] {
  return ROUTES.map(([method, path]) => ({
    kind: "storage",
    name: `/storage/v1/${path}`,
    ablest: ["admin", "operator", "viewer"],
    prepare: (context) => prepare(method, path, context),
  }));
}

function prepare(method: string, route: string, context: CallContext): Call {
  const { random, own, loot, caller } = context;
  const bucket =
    random.next() < 0.85
      ? random.pick(Object.keys(BUCKETS))
      : random.pick(["..", "nope", "%2e%2e", "public", ""]);
  const folder = random.next() < 0.6 ? random.pick(loot.ids) : own.id;
  const { label, value } = anyText(random, loot);
  const safe = encodeURIComponent(value.slice(0, 1_500).replace(/[\ud800-\udfff]/gu, "\ufffd"));
  const file = random.pick([
    `${folder}/a.csv`,
    `${folder}/${safe}`,
    `${own.id}/../${folder}/a.csv`,
    `${own.id}/%2e%2e/${folder}/a.csv`,
    safe,
    "%00",
    `${folder}%2fa.csv`,
  ]);
  const path = `/storage/v1/${route}`.replace("{bucket}", bucket).replace("{path}", file);
  const body = {
    prefix: folder,
    limit: 100,
    offset: 0,
    expiresIn: 60,
    paths: [file],
    prefixes: [file],
    bucketId: bucket,
    sourceKey: file,
    destinationKey: `${own.id}/b.csv`,
    destinationBucket: bucket,
    name: "mine",
    id: "mine",
    public: true,
    search: value.slice(0, 100),
  };
  const isBare = method === "GET" || method === "HEAD";
  return {
    label: `${bucket}, ${file.length > 60 ? label : file}`,
    method,
    path,
    headers: { ...caller.headers, ...(!isBare && { "content-type": "application/json" }) },
    ...(!isBare && { body: JSON.stringify(body) }),
  };
}
