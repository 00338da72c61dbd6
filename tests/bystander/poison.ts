// What the stranger stores and starts: valid inputs changed in one place. Accepted ones are started, so that the shared
// workers meet them.

import { sendPlainly, storeCampaign, storeDirectText, storeOnSegment } from "./poison-campaigns.ts";
import { dayOf, patch, post, storeOrganisation } from "./poison-settings.ts";
import { few, filterOf, type Store, storeOwn, withoutSegments } from "./poison-tools.ts";
import {
  storeBulkAction,
  storeEnrichment,
  storeImport,
  storeImportByRpc,
  storeLead,
  storeLookups,
} from "./poison-work.ts";

export interface Poison {
  name: string;
  store: Store;
}

/** Settings are read when messages are sent, so a plain campaign is sent with them. */
const thenSend =
  (store: Store): Store =>
  async (tools) => {
    await tools.world.restoreSettings();
    const stored = await store(tools);
    if (stored) await sendPlainly(tools);
    return stored;
  };

export const POISONS: readonly Poison[] = [
  { name: "campaign", store: storeCampaign },
  { name: "another campaign", store: storeCampaign },
  { name: "campaign on a segment that goes", store: storeOnSegment },
  { name: "direct text", store: storeDirectText },
  {
    name: "number",
    store: thenSend((tools) =>
      storeOwn(
        tools,
        "update_number",
        "p_input",
        {
          mps: 5,
          daily_cap: 2_000,
          warmup_started_on: "2026-01-01",
          quiet_starts: "21:00",
          quiet_ends: "08:00",
        },
        `"p_phone_number_id":"${tools.world.stranger.row.phone_numbers?.id}",`,
      ),
    ),
  },
  { name: "organisation", store: thenSend(storeOrganisation) },
  {
    name: "limits",
    store: thenSend((tools) =>
      patch(
        tools,
        "sending_limits",
        `org_id=eq.${tools.world.stranger.id}`,
        few(
          tools.random,
          {
            opt_out_rate: 0.03,
            opt_out_volume: 100,
            filtered_rate: 0.03,
            unknown_rate: 0.02,
            failed_rate: 0.15,
            failed_volume: 100,
            segment_price: 0.0083,
            carrier_fee: 0.0045,
            mms_price: 0.022,
            daily_spending_limit: 50,
            min_balance: 10,
            a2p_required: false,
          },
          2,
        ),
      ),
    ),
  },
  {
    name: "quiet-hour rule",
    store: thenSend((tools) =>
      post(tools, "quiet_hour_rules", {
        org_id: tools.world.stranger.id,
        state: "TX",
        dow: 1,
        opens: "09:00",
        closes: "17:00",
        source: "policy",
        effective_from: dayOf(tools.random),
        reviewed_at: "2026-01-01",
        max_per_24h: 3,
      }),
    ),
  },
  {
    name: "carrier cap",
    store: thenSend((tools) =>
      post(tools, "carrier_caps", {
        org_id: tools.world.stranger.id,
        carrier: `carrier ${tools.random.next()}`,
        daily_segments: 2_000,
      }),
    ),
  },
  { name: "import", store: storeImport },
  { name: "import by RPC", store: storeImportByRpc },
  {
    name: "export",
    store: (tools) =>
      storeOwn(tools, "create_export", null, {
        p_filter: few(tools.random, filterOf(tools.world), tools.random.below(3)),
        p_options: { format: "csv", rows_per: "lead", columns: ["first_name", "primary_phone"] },
      }),
  },
  { name: "bulk action", store: storeBulkAction },
  {
    name: "segment",
    store: (tools) =>
      storeOwn(tools, "save_segment", "p_input", {
        name: `S ${tools.random.next()}`,
        kind: "filter",
        description: "x",
        filter: few(tools.random, withoutSegments(filterOf(tools.world)), 4),
      }),
  },
  { name: "enrichment", store: storeEnrichment },
  { name: "lead", store: storeLead },
  { name: "lookups", store: storeLookups },
];
