create table public.campaign_templates (
  org_id uuid not null,
  campaign_id uuid not null,
  template_id uuid not null,
  weight smallint not null default 1 check (weight between 1 and 1000),
  variant smallint,
  step smallint not null default 1 check (step between 1 and 9),
  learned_share smallint check (learned_share between 1 and 10000),
  primary key (campaign_id, step, template_id),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade,
  foreign key (org_id, template_id) references public.templates (org_id, id) on delete restrict,
  foreign key (campaign_id, variant) references public.campaign_variants (campaign_id, variant) on delete cascade
);
comment on table public.campaign_templates is 'The templates that each step of a campaign rotates.';
comment on column public.campaign_templates.weight is 'A template of weight 3 is used three times as often as one of weight 1.';
comment on column public.campaign_templates.variant is
  'The variant whose people get this template; null if everybody gets it.';
comment on column public.campaign_templates.learned_share is
  'How often rotation thompson uses the template, in hundredths of a percent. Either all active '
  'templates of a step have one, or none: then they are used by their weights.';
create index campaign_templates_template_idx on public.campaign_templates (org_id, template_id);
create index campaign_templates_campaign_idx on public.campaign_templates (org_id, campaign_id);
create index campaign_templates_variant_idx on public.campaign_templates (campaign_id, variant);

alter table public.campaign_templates enable row level security;
create policy "people read campaign templates of their organisation" on public.campaign_templates
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_templates to authenticated;
grant delete, insert, select, update on public.campaign_templates to service_role;

create trigger templates_share_activated after update on public.templates
  for each row when (new.is_active and not old.is_active) execute function private.share_activated();
