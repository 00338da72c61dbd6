select pgmq.create('imports');
