create type public.user_role as enum ('viewer', 'operator', 'campaign_manager', 'admin');
comment on type public.user_role is 'Roles in rising order: each may do all that the ones before it may.';
