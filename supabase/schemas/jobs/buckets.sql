insert into storage.buckets (id, name, public, file_size_limit)
values ('exports', 'exports', false, 4294967296)
on conflict (id) do nothing;
