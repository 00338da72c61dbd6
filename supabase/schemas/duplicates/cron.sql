-- A block, because each batch commits by itself. Four batches leave the next second to others.
select cron.schedule('match-leads', '5 seconds', $match$
do $block$
begin
  for i in 1 .. 4 loop
    exit when private.match_leads() = 0;
    commit;
  end loop;
end;
$block$
$match$);
