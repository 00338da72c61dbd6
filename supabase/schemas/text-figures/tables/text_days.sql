create table private.text_days (
  org_id uuid not null references public.orgs (id) on delete cascade,
  day date not null,
  campaign_id uuid not null,
  step smallint not null,
  template_id uuid not null,
  version integer not null,
  variant smallint not null,
  language text not null,
  sent integer not null,
  delivered integer not null,
  undelivered integer not null,
  filtered integer not null,
  failed integer not null,
  unknown integer not null,
  reached integer not null,
  responded integer not null,
  replied integer not null,
  interested integer not null,
  opted_out integer not null,
  wrong_number integer not null,
  segments integer not null,
  cost numeric(12, 5) not null,
  primary key (org_id, day, template_id, campaign_id, step, version, variant, language)
);
comment on table private.text_days is
  'What became of the messages of each text, by the day they were planned on in the organisation''s time zone. Counted again as '
  'a whole whenever one of the day''s messages changes, so that late receipts and answers are right. Kept for 25 months.';
comment on column private.text_days.step is
  'People answer a second text less than the first, so texts of different steps are never compared.';
comment on column private.text_days.variant is '0: the campaign has no variants.';
comment on column private.text_days.reached is 'Sent, and not known to be undelivered; who answered was reached.';
comment on column private.text_days.opted_out is
  'Whose answer was judged STOP at arrival, or by a person later; wrong_number likewise.';
create index text_days_template_idx on private.text_days (org_id, template_id, day);
create index text_days_campaign_idx on private.text_days (org_id, campaign_id);

alter table private.text_days enable row level security;
