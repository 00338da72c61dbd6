select pgmq.create('builds');
