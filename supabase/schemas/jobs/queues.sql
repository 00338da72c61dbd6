select pgmq.create('jobs');
