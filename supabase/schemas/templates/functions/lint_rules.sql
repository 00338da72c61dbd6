-- The rules for the content of templates. scripts/seed/lint has the same rules for the texts that organisations begin with; a
-- test compares the two. Texts are judged by p_fixed (without variables) and by p_plain (words in capitals, without accents).

create function private.plain_words(p_text text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when w.plain ~ '^[A-Z]( [A-Z]){2,}$' then replace(w.plain, ' ', '') else w.plain end
  from (
    select btrim(regexp_replace(upper(regexp_replace(normalize(p_text, NFD), '[\u0300-\u036f''’‘`´]', '', 'g') collate "C"),
      '[^A-Z0-9]+', ' ', 'g')) as plain
  ) w;
$$;
comment on function private.plain_words(text) is
  'The words of a text in capitals without accents, with single blanks between them. "S T O P" is one word.';

create function private.lint_identity(p_fixed text, p_plain text, p_variables text[], p_category text, p_brand text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
begin
  if not 'brand' = any (p_variables) and (coalesce(p_brand, '') = '' or strpos(upper(p_fixed), upper(p_brand)) = 0) then
    v_issues := v_issues || private.template_issue('missing_brand',
      case when p_category in ('initial', 'help', 'stop') then 'error' else 'warning' end,
      case p_category when 'initial' then 'The first message does not say who is writing.'
        else 'This message does not say who is writing.' end,
      'Add {brand}, which becomes your organisation''s name.');
  end if;
  -- STOP or ALTO as a word to answer with is in capitals or quotes: in lower case "alto" is an adjective.
  if p_category in ('initial', 'help') and not (
    p_fixed ~ ('(?<![[:alpha:]])(["''“”]?(STOP|ALTO|BAJA|PARAR|UNSUBSCRIBE)["''“”]?|["''“](stop|alto|baja|parar)["''”])'
      || '(?![[:alpha:]])')
    and p_plain ~ ('\y(REPLY|TEXT|SEND|RESPOND|ANSWER|RESPOND[AE]|CONTEST[AE]|ENVIE|ENVIA|MANDE|MANDA|ESCRIB[AE]|TEXTEE)\y'
      || '|\y(TO|PARA) (OPT OUT|UNSUBSCRIBE|STOP|END|QUIT|SALIR|NO RECIBIR|DEJAR|DARSE|CANCELAR|PARAR|TERMINAR)\y'))
  then
    v_issues := v_issues || private.template_issue('missing_opt_out',
      case p_category when 'initial' then 'error' else 'warning' end,
      case p_category when 'initial' then 'The first message does not say how to opt out.'
        else 'The answer to HELP does not say how to opt out.' end,
      'Add "Responda ALTO para salir." or "Reply STOP to opt out."');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_identity(text, text, text[], text, text) is
  'Whether a text says who writes, and a first message or an answer to HELP how to opt out.';

create function private.lint_links(p_content text, p_rendered text, p_category text, p_brand text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_link text := private.find_link(p_rendered);
  v_host text;
  v_is_brand boolean;
begin
  if v_link is null then
    return v_issues;
  end if;
  select w.word into v_host from private.lint_words w
  where w.kind = 'shortener'
    and lower(p_rendered) ~ ('(^|[^a-z0-9-])' || replace(w.word, '.', '\.') || '($|[^a-z0-9.-]|\.($|[^a-z0-9]))')
  order by w.word limit 1;
  if v_host is not null then
    v_issues := v_issues || private.template_issue('link_shortener', 'error',
      format('Carriers block links through %s.', v_host), 'Use a link on your own domain.',
      nullif(strpos(lower(p_content), v_host), 0) - 1);
  end if;
  if p_category in ('initial', 'stop') then
    v_is_brand := coalesce(strpos(p_brand, v_link) > 0, false);
    return v_issues || private.template_issue('link_not_allowed', 'error',
      format('%s may not have a link (%s%s).',
        case p_category when 'initial' then 'A first message' else 'A stop confirmation' end, v_link,
        case when v_is_brand then ', the brand' else '' end),
      case when v_is_brand then 'Change brand in the settings: write the name without the dot, or with a space.'
        else 'Remove the link, or put a space after the dot; send a link once the person has answered.' end,
      nullif(strpos(p_content, v_link), 0) - 1);
  end if;
  -- The rest of the text behind the first link and its path.
  if strpos(p_rendered, v_link) > 0 and private.find_link(regexp_replace(
    substr(p_rendered, strpos(p_rendered, v_link) + length(v_link)), '^[^[:space:]]*', '')) is not null
  then
    v_issues := v_issues || private.template_issue('several_links', 'warning',
      'Messages with several links are often filtered.', 'Keep one link.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_links(text, text, text, text) is
  'The links of a text as it is sent: shorteners, any link in a first message or stop confirmation, more than one in others.';

create function private.lint_words(p_content text, p_plain text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_word text;
  v_kind text;
  v_pattern text;
begin
  select w.kind, w.word into v_kind, v_word
  from unnest(string_to_array(p_plain, ' ')) with ordinality t(word, n)
  join private.lint_words w on w.word = t.word and w.kind in ('forbidden', 'doubtful')
  order by w.kind desc, t.n limit 1;
  if v_kind = 'forbidden' then
    v_issues := v_issues || private.template_issue('forbidden_word', 'error',
      format('Carriers forbid "%s" in marketing texts (sex, hate, alcohol, firearms, tobacco, drugs, gambling).', lower(v_word)),
      'Remove the word.', nullif(strpos(upper(p_content), v_word), 0) - 1);
  elsif v_kind = 'doubtful' then
    v_issues := v_issues || private.template_issue('doubtful_word', 'warning',
      format('Carriers may filter "%s".', lower(v_word)), 'Say it another way if you can.',
      nullif(strpos(upper(p_content), v_word), 0) - 1);
  end if;
  select btrim(substring(' ' || p_plain || ' ' from w.word)) into v_pattern
  from private.lint_words w where w.kind = 'spam' and ' ' || p_plain || ' ' ~ w.word order by w.word limit 1;
  if found then
    v_issues := v_issues || private.template_issue('spammy_phrase', 'warning',
      format('Filters take "%s" for spam.', lower(v_pattern)), 'Say it plainly.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_words(text, text) is 'Words and phrases that carriers forbid or filter.';

create function private.lint_tone(p_fixed text, p_plain text, p_category text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_letters text := regexp_replace(regexp_replace(normalize(p_fixed, NFD), '[\u0300-\u036f]', '', 'g'),
    '\y(STOP|ALTO|HELP|AYUDA|BAJA|START|ALTA|LLC|INC|USA|TX)\y|[^A-Za-z]', '', 'g');
  v_keyword text := substring(p_plain from
    '\y(?:REPLY|TEXT|SEND|RESPOND|ANSWER|RESPOND[AE]|CONTEST[AE]|ENVIE|MANDE|ESCRIB[AE]|TEXTEE)'
    || '(?: WITH| CON| BACK| THE WORD| LA PALABRA)* ' || '(YES|INFO|START|END|CANCEL|QUIT|UNSTOP|REVOKE|OPTOUT)\y');
begin
  if length(v_letters) >= 10 and length(regexp_replace(v_letters, '[^A-Z]', '', 'g')) > 0.6 * length(v_letters) then
    v_issues := v_issues || private.template_issue('all_capitals', 'error',
      'The message is written in capitals, which carriers filter.', 'Write it in normal letters.');
  end if;
  if p_fixed ~ '[!¡]{2,}|(![^!]*){3,}|[$]{2,}' then
    v_issues := v_issues || private.template_issue('loud', 'warning',
      'Repeated exclamation or dollar signs look like spam.', 'Use one at most.');
  end if;
  if v_keyword is not null and not (p_category in ('stop', 'help') and v_keyword in ('START', 'UNSTOP', 'INFO')) then
    v_issues := v_issues || private.template_issue('twilio_keyword', 'error',
      format('The message asks people to answer %s, which Twilio takes for a command and answers itself.', v_keyword),
      'Ask for another answer, for example SI, 1 or INTERESADO.');
  end if;
  if p_category = 'stop' and p_plain !~ ('\y(UNSUBSCRIBED|OPTED OUT|REMOVED|NO MORE|NOT (RECEIVE|GET|TEXT|CONTACT)|WONT|'
    'NO (LE|TE|LES|RECIBE|RECIBIRA|RECIBIRAS|VOLVERA|VOLVEREMOS|MAS|ENVIAREMOS|ESCRIBIREMOS)|'
    'DADO DE BAJA|DADA DE BAJA|DE BAJA|CANCELAD[OA])\y')
  then
    v_issues := v_issues || private.template_issue('not_a_confirmation', 'error',
      'The message does not confirm that no more will come.',
      'Say so: "No recibirá más mensajes" or "You will not receive more messages".');
  end if;
  if p_category = 'stop' and p_plain ~ ('\y(SELL|SELLING|BUY|OFFER|CASH|PRICE|LAND|VENDER|VENDE|COMPRAR|COMPRAMOS|OFERTA|PRECIO|'
    'EFECTIVO|TERRENO|TERRENOS)\y') then
    v_issues := v_issues || private.template_issue('marketing_in_stop', 'error',
      'A stop confirmation may only confirm; it may not advertise (47 CFR 64.1200(a)(12)).',
      'Remove everything about buying, selling and offers.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_tone(text, text, text) is
  'Capitals and repeated signs, answers that Twilio takes for commands, and what a stop confirmation must and may not say.';

create function private.lint_language(p_fixed text, p_plain text, p_language text)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  v_issues jsonb := '[]';
  v_name text := case p_language when 'es' then 'Spanish' else 'English' end;
  v_es boolean := p_fixed ~* '\y(Respond[ae]|Conteste|Env[ií]e|Escriba|Mande) ALTO|ALTO (para|si|y)\y';
  v_en boolean := p_fixed ~* '\y(Reply|Text|Send|Answer) STOP|STOP (to|if)\y';
  v_lean bigint;
begin
  if (case p_language when 'es' then v_en and not v_es else v_es and not v_en end) then
    v_issues := v_issues || private.template_issue('opt_out_language', 'warning',
      format('The opt-out wording is not %s, the template''s language.', v_name),
      'Write it in the language of the message.');
  end if;
  select count(*) filter (where w.kind = 'spanish') - count(*) filter (where w.kind = 'english') into v_lean
  from unnest(string_to_array(p_plain, ' ')) t(word) join private.lint_words w on w.word = t.word;
  -- A text of few words may have a foreign one; three more than its own are no accident.
  if (case p_language when 'es' then v_lean <= -3 else v_lean >= 3 end) then
    v_issues := v_issues || private.template_issue('language_mismatch', 'warning',
      format('The text does not look %s, the template''s language.', v_name), 'Change the language, or the text.');
  end if;
  return v_issues;
end;
$$;
comment on function private.lint_language(text, text, text) is 'Whether a text and its opt-out wording are in its language.';
