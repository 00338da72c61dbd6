-- Phones and window keys are compared by their bytes. In the database's own collation, which knows languages, a look into an index of
-- phones took twice as long, and every message takes a dozen. All of them together: an index is of no use to a column of another
-- collation. phone_numbers.e164 stays: it is small, a generated column hangs on it, and it is only ever compared with a parameter.

alter table public.lead_phones alter column e164 type text collate "C";
alter table private.contacts alter column e164 type text collate "C";
alter table public.opt_outs alter column e164 type text collate "C";
alter table public.consent_records alter column e164 type text collate "C";
alter table public.audit_events alter column phone_number type text collate "C";
alter table public.conversations alter column e164 type text collate "C";
alter table public.campaign_targets
  alter column e164 type text collate "C",
  alter column window_key type text collate "C";
alter table public.messages
  alter column from_number type text collate "C",
  alter column to_number type text collate "C";
alter table private.windows alter column window_key type text collate "C";
