SELECT max(id) FROM endpoint;
