// Lists the organisation's services, each with its progress.
import { longList, parseAnswer } from "../../_shared/db/parse-answer.ts";
import { AppError } from "../../_shared/http/app-error.ts";
import type { UserContext } from "../../_shared/http/context.ts";
import type { ListResult } from "../../_shared/http/responses.ts";
import { type Service, service } from "./schemas.ts";

/** All of them on one page: there are few. */
export async function listServices(ctx: UserContext): Promise<ListResult<Service>> {
  const data = await readServices(ctx);
  const size = Math.max(data.length, 1);
  return {
    data,
    pagination: {
      page: 1,
      pageSize: size,
      total: data.length,
      totalPages: Math.ceil(data.length / size),
      total_is_estimate: false,
      next_cursor: null,
    },
  };
}

/** @throws AppError not_found */
export async function readService(ctx: UserContext, id: string): Promise<Service> {
  const found = (await readServices(ctx)).find((service) => service.id === id);
  if (!found) throw new AppError("not_found", "There is no service with this id.", { service_id: id });
  return found;
}

async function readServices({ db }: UserContext): Promise<Service[]> {
  return parseAnswer(await db.rpc("list_enrichment_services"), longList(service));
}
