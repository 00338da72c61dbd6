insert into storage.buckets (id, name, public, file_size_limit)
values ('imports', 'imports', false, 104857600)
on conflict (id) do nothing;
