create schema if not exists extensions;

create extension if not exists pg_trgm with schema extensions;

create extension if not exists btree_gin with schema extensions;

create extension if not exists pgmq;

create extension if not exists pg_cron;

create extension if not exists pg_net with schema extensions;

create extension if not exists supabase_vault with schema vault;
