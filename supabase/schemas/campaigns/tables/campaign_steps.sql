create table public.campaign_steps (
  org_id uuid not null,
  campaign_id uuid not null,
  step smallint not null check (step between 2 and 9),
  kind text not null default 'text' check (kind in ('text', 'next_phone')),
  wait_hours smallint not null check (wait_hours between 1 and 1440),
  stop_on text[] not null
    check (stop_on <@ '{replied,interested,converted,not_interested,opted_out,wrong_number,do_not_contact}'
      and stop_on @> '{not_interested,opted_out,wrong_number,do_not_contact}' and cardinality(stop_on) <= 7),
  primary key (campaign_id, step),
  foreign key (org_id, campaign_id) references public.campaigns (org_id, id) on delete cascade
);
comment on table public.campaign_steps is
  'The steps of a campaign after its first text. A target of a step is added in the transaction that records its target of the '
  'step before as sent.';
comment on column public.campaign_steps.kind is
  'text: another text to the same phone. next_phone: the first text to the next phone of the lead; without texts of its own it '
  'uses those of the first step.';
comment on column public.campaign_steps.wait_hours is 'Hours after the step before was sent.';
comment on column public.campaign_steps.stop_on is
  'What ends the steps of a person. Only replied, interested and converted may be left out: writing on after the others would be '
  'unlawful.';
create index campaign_steps_org_idx on public.campaign_steps (org_id, campaign_id);

alter table public.campaign_steps enable row level security;
create policy "people read steps of campaigns of their organisation" on public.campaign_steps
  for select to authenticated using (org_id = (select private.org_id()));
grant select on public.campaign_steps to authenticated;
grant delete, insert, select, update on public.campaign_steps to service_role;

create trigger campaign_steps_figures after insert on public.campaign_steps
  for each row execute function private.add_step_figures();
