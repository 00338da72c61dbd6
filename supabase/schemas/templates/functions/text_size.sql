-- The size of a text. The functions that send count exactly (functions/_shared/sms/count-segments.ts); here the count may be
-- higher for texts with emoji or signs that take two septets, because planning charges the most that a text can cost.

create function private.is_gsm(p_text text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- The alphabet of 3GPP TS 23.038 with its extension.
  select translate(p_text, E'@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿'
    'abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€', '') = '';
$$;
comment on function private.is_gsm(text) is 'Whether every character of a text is in the GSM-7 alphabet.';

create function private.text_size(p_text text)
returns private.text_size
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_escaped integer := length(p_text) - length(translate(p_text, E'\f^{}\\[~]|€', ''));
  v_units integer := length(p_text) + v_escaped;
begin
  if private.is_gsm(p_text) then
    -- An escaped character is never cut in two, so a part may have to leave one septet free.
    return ('GSM-7', case when v_units <= 160 then 1 else ceil(v_units / case when v_escaped = 0 then 153.0 else 152.0 end) end,
      v_units)::private.text_size;
  end if;
  -- A character beyond the basic plane takes two units.
  v_units := 2 * length(p_text) - length(regexp_replace(p_text, '[\U00010000-\U0010ffff]', '', 'g'));
  return ('UCS-2', case
    when v_units <= 70 then 1
    -- Marks and emoji that belong together are not cut in two, so a part may have to leave room.
    when p_text ~ '[\u0300-\u1fff\u200d\u20d0-\u20ff\u2e80-\ud7ff\uf900-\uffff\U00010000-\U0010ffff]' then ceil(v_units / 56.0)
    else ceil(v_units / 67.0) end, v_units)::private.text_size;
end;
$$;
comment on function private.text_size(text) is
  'Encoding, segments and units of a text; never fewer segments than it takes. An empty text takes one.';
