create type private.work_item as (item uuid, org_id uuid);
comment on type private.work_item is
  'One item of a loop over organisations, campaigns or numbers, and the organisation it belongs to.';

create type private.tick as (
  ends_at timestamptz,
  since timestamptz,
  is_resting boolean,
  task text,
  place smallint,
  items private.work_item[],
  done integer,
  part_ends_at timestamptz
);
comment on type private.tick is
  'The state of a tick: when it ends, when it last found nothing due, and whether it is resting; its task, the current part of '
  'it, the items of that part, how many of them are done, and when it stops beginning further ones.';
