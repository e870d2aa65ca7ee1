-- The modes of a user as they are now.
UPDATE users
SET bot = coalesce(?2, bot), invisible = coalesce(?3, invisible), operator = coalesce(?4, operator),
    wallops = coalesce(?5, wallops)
WHERE id = ?1
