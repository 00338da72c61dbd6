select pgmq.create('lookups');

select pgmq.create('enrichments');
