-- What may become of an attempt, once a person may say so: assumed_sent and resent are their word on a send that Twilio never
-- answered for. And a look may also be due for an attempt that went out and whose text nobody recorded.

alter table public.send_attempts
  drop constraint send_attempts_outcome_check,
  drop constraint send_attempts_check1,
  add constraint send_attempts_outcome_check check (
    outcome in ('open', 'accepted', 'rejected', 'unknown', 'not_posted', 'not_accepted', 'assumed_sent', 'resent')),
  add constraint send_attempts_next_look_check check (
    next_look_at is null or outcome in ('open', 'unknown', 'accepted', 'assumed_sent'));
comment on table public.send_attempts is
  'Written and committed before Twilio is called, since its POST is not idempotent. not_posted: surely never called. unknown: called, no answer. not_accepted: Twilio was asked twice and has no such message. assumed_sent, resent: nobody could tell, and a person decided.';
comment on column public.send_attempts.next_look_at is
  'When Twilio is asked about an unknown attempt next; of one that went out, when its text and segments are recorded because its worker did not.';
comment on column public.send_attempts.http_status is 'Of Twilio''s answer; null while it is not known, 0 where the worker died and it never will be.';
