// The mix of requests: those of a dashboard in equal parts, and health.
import type { StackProcess } from "../stack/start-stack-process.ts";

export interface Ask {
  name: string;
  url: string;
  headers: Record<string, string>;
}

export function asksOf({ env }: StackProcess, token: string, campaignId: string): Ask[] {
  const headers = { apikey: env.PUBLISHABLE_KEY, authorization: `Bearer ${token}` };
  const paths = {
    "function leads, a page": `${env.FUNCTIONS_URL}/leads?limit=20`,
    "function campaigns, a page": `${env.FUNCTIONS_URL}/campaigns?limit=20`,
    "function campaigns, figures": `${env.FUNCTIONS_URL}/campaigns/${campaignId}/stats`,
    "function leads, health": `${env.FUNCTIONS_URL}/leads/health`,
    "function settings, me": `${env.FUNCTIONS_URL}/settings/me`,
    "REST leads": `${env.API_URL}/rest/v1/leads?select=id,full_name,state&order=created_at.desc&limit=20`,
    "REST campaigns": `${env.API_URL}/rest/v1/campaigns?select=id,name,status,campaign_stats(sent,waiting)&limit=20`,
    "REST figures": `${env.API_URL}/rest/v1/campaign_stats?select=*&campaign_id=eq.${campaignId}`,
  };
  return Object.entries(paths).map(([name, url]) => ({ name, url, headers }));
}

/** A request that the gateway answers by itself: the least that a request costs. */
export const bareAsk = ({ env }: StackProcess): Ask => ({
  name: "gateway",
  url: `${env.API_URL}/health`,
  headers: {},
});

/** @returns what failed and how, undefined if nothing did */
export async function ask({ name, url, headers }: Ask): Promise<string | undefined> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(60_000) });
    const text = await response.text();
    return response.ok ? undefined : `${name}: ${response.status} ${text.slice(0, 150)}`;
  } catch (error) {
    return `${name}: ${describeCause(error)}`;
  }
}

function describeCause(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}
