create policy "people read A2P registrations of their organisation" on public.a2p_registrations
  for select to authenticated using (org_id = (select private.org_id()));
