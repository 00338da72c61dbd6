create policy "people join channels of their organisation" on realtime.messages
  for select to authenticated
  using (extension = 'broadcast' and (select private.topic_org_id((select realtime.topic()))) = (select private.org_id()));
