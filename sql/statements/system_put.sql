INSERT INTO autonomous_system (number, name) VALUES (?1, ?2)
ON CONFLICT (number) DO UPDATE SET name = excluded.name WHERE name IS NOT excluded.name;
