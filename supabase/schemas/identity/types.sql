create type public.user_role as enum ('viewer', 'operator', 'campaign_manager', 'admin');
comment on type public.user_role is 'Roles in rising order: each role may do everything that the roles before it may do.';
