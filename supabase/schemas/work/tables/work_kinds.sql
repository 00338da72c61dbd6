create table private.work_kinds (
  kind text primary key check (kind ~ '^[a-z][a-z_]{1,39}$'),
  title text not null
);
comment on table private.work_kinds is
  'Kinds of work that may fail for one organisation alone, with the words that alerts use for them. Each loop over organisations '
  'names its kind.';

alter table private.work_kinds enable row level security;

insert into private.work_kinds (kind, title) values
  ('build', 'building the audience of a campaign'),
  ('cancel_waiting', 'canceling the rest of your stopped campaigns'),
  ('check_counts', 'checking the figures of your leads'),
  ('check_figures', 'checking the figures of your campaigns'),
  ('claim', 'taking a message out of the queue to send it'),
  ('finish_campaigns', 'completing your campaigns'),
  ('flag_builds', 'watching the audiences that are being built'),
  ('flag_stalled', 'watching your running campaigns'),
  ('fold_accepted', 'adding up what your numbers sent and what it cost'),
  ('fold_activity', 'recording when your leads were written to'),
  ('fold_counts', 'adding up the figures of your leads'),
  ('fold_stats', 'adding up the figures of your campaigns'),
  ('guard', 'watching your campaigns for the circuit breaker'),
  ('guard_number', 'watching your numbers for the circuit breaker'),
  ('mark_campaigns', 'recording the figures that the circuit breaker compares with'),
  ('match_leads', 'looking for duplicates among your leads'),
  ('move_leads', 'marking leads that opted out'),
  ('plan', 'planning the messages of your campaigns'),
  ('prune', 'removing old receipts and webhooks'),
  ('prune_calls', 'deleting calls to outside services that were given up'),
  ('prune_enrichment', 'deleting old answers of your services'),
  ('prune_events', 'removing old events of your leads'),
  ('prune_guard', 'removing old figures and alerts'),
  ('prune_imports', 'deleting the journals of old imports'),
  ('prune_jobs', 'deleting old jobs'),
  ('prune_media', 'deleting old pictures and files of messages'),
  ('prune_uploads', 'deleting old uploads'),
  ('rescue', 'finding sends that were lost'),
  ('rescrub', 'queueing phones whose scrub is old'),
  ('resolve_alerts', 'resolving alerts whose cause is gone'),
  ('score', 'scoring your numbers'),
  ('start_scheduled', 'starting your scheduled campaigns'),
  ('wake_lanes', 'continuing your lookups and calls to your services');

insert into private.work_kinds (kind, title) values
  ('enrichments', 'asking a service of yours'),
  ('lookups', 'looking up phones');

insert into private.work_kinds (kind, title) values
  ('look_at_test', 'counting an A/B test'),
  ('learn_rotation', 'learning which texts people reply to'),
  ('move_variants', 'giving people the variant of an A/B test');

insert into private.work_kinds (kind, title) values ('look', 'asking Twilio about a send that got no answer');
