-- A small shop: tables, indices, triggers, joins, windows, recursion and JSON.

PRAGMA foreign_keys = ON;
CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, city TEXT, since DATE);
CREATE TABLE product(id INTEGER PRIMARY KEY, name TEXT NOT NULL, price REAL CHECK (price > 0));
CREATE TABLE sale(
  id INTEGER PRIMARY KEY,
  customer INTEGER NOT NULL REFERENCES customer(id) ON DELETE CASCADE,
  product INTEGER NOT NULL REFERENCES product(id),
  amount INTEGER NOT NULL DEFAULT 1,
  day DATE NOT NULL
);
CREATE TABLE log(what TEXT, number INTEGER);
CREATE TRIGGER gone AFTER DELETE ON customer BEGIN
  INSERT INTO log VALUES ('customer ' || old.name, old.id);
END;

BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO customer SELECT i, printf('customer %05d', i), 'city ' || ((i * 7919) % 97), date('2000-01-01', '+' || i || ' days') FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
INSERT INTO product SELECT i, 'product ' || char(65 + i % 26) || i, round(1 + (i * 31 % 1000) / 7.0, 2) FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250000)
INSERT INTO sale(customer, product, amount, day)
SELECT 1 + (i * 7919) % 2000, 1 + (i * i * 31 + i) % 97 + (i % 5) * 97, 1 + i % 5, date('2020-01-01', '+' || (i % 1000) || ' days') FROM n;
COMMIT;

CREATE INDEX sale_customer ON sale(customer);
CREATE INDEX sale_day ON sale(day, product);
ANALYZE;

SELECT 'rows', (SELECT count(*) FROM customer), (SELECT count(*) FROM product), (SELECT count(*) FROM sale);

SELECT c.city, count(*), round(sum(p.price * s.amount), 2) AS turnover
FROM sale s JOIN customer c ON c.id = s.customer JOIN product p ON p.id = s.product
GROUP BY c.city HAVING count(*) > 10 ORDER BY turnover DESC, c.city LIMIT 10;

SELECT month, round(turnover, 2), round(sum(turnover) OVER (ORDER BY month), 2), rank() OVER (ORDER BY turnover DESC)
FROM (SELECT strftime('%Y-%m', day) AS month, sum(price * amount) AS turnover
      FROM sale JOIN product ON product.id = sale.product GROUP BY month)
ORDER BY month LIMIT 12;

SELECT a.product, b.product, count(*) AS together
FROM sale a JOIN sale b ON a.customer = b.customer AND a.product < b.product
WHERE a.customer < 60 GROUP BY a.product, b.product ORDER BY together DESC, a.product, b.product LIMIT 5;

SELECT name FROM product WHERE name LIKE '%q%' OR name GLOB '*B[12]*' ORDER BY name COLLATE NOCASE LIMIT 8;

WITH RECURSIVE
  x(v) AS (VALUES(-2.0) UNION ALL SELECT v + 0.1 FROM x WHERE v < 1.0),
  y(v) AS (VALUES(-1.0) UNION ALL SELECT v + 0.2 FROM y WHERE v < 1.0),
  m(n, cx, cy, zx, zy) AS (
    SELECT 0, x.v, y.v, 0.0, 0.0 FROM x, y
    UNION ALL
    SELECT n + 1, cx, cy, zx * zx - zy * zy + cx, 2.0 * zx * zy + cy FROM m WHERE zx * zx + zy * zy < 4.0 AND n < 28
  ),
  last(n, cx, cy) AS (SELECT max(n), cx, cy FROM m GROUP BY cx, cy)
SELECT group_concat(substr(' .+*#', 1 + min(n / 7, 4), 1), '') FROM last GROUP BY cy;

SELECT json_extract(j, '$.b[1].c'), json_array_length(j, '$.b'), json_type(j, '$.a')
FROM (SELECT json_object('a', 1.5, 'b', json_array(1, json('{"c":"deep"}'), NULL)) AS j);

UPDATE product SET price = round(price * 1.1, 2) WHERE id IN (SELECT product FROM sale GROUP BY product HAVING sum(amount) % 2 = 0);
SELECT 'prices', count(*), round(sum(price), 2), min(price), max(price) FROM product;

DELETE FROM customer WHERE id % 100 = 0;
SELECT 'log', count(*), sum(number) FROM log;
SELECT 'sales left', count(*), sum(amount) FROM sale;

INSERT INTO sale(customer, product, day) VALUES (999999, 1, '2020-01-01');
INSERT INTO customer(name) VALUES ('customer 00001');
INSERT INTO customer(id, name) VALUES (1, 'new name') ON CONFLICT(id) DO UPDATE SET name = excluded.name RETURNING id, name;
SELECT nonsense FROM nowhere;

BEGIN;
DELETE FROM sale;
ROLLBACK;
SELECT 'after rollback', count(*) FROM sale;

SELECT hex(zeroblob(4)), typeof(1e100), 9223372036854775807, -9223372036854775808 / -1, 7 / 2, 7 % -3, 'a' || NULL IS NULL;
SELECT upper('straße'), length('größe'), instr('hello', 'l'), replace('aXbX', 'X', '--'), quote('it''s'), unicode('ß');
SELECT date('now'), strftime('%j', '2024-12-31'), julianday('2000-01-01');
PRAGMA integrity_check;
