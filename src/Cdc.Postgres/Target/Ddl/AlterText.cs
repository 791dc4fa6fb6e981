namespace Cdc.Postgres.Target.Ddl;

/// <summary>Finds in the text of one ALTER TABLE what its effect does not show: how values of a column are made into
/// those of another type.</summary>
internal static class AlterText
{
    /// <summary>Columns whose type the statement sets, with the expression after USING where there is one. Empty for
    /// other statements.</summary>
    public static IReadOnlyDictionary<string, string?> ColumnTypes(string sql)
    {
        Dictionary<string, string?> types = [];
        List<SqlToken> tokens = SqlTokens.Of(sql);
        if (!tokens[0].Is("alter") || !tokens[1].Is("table")) return types;
        int depth = 0;
        bool isActionStart = false;
        for (int i = 2; tokens[i].Kind != SqlTokenKind.End; i++)
        {
            // The first action follows a name that is not looked at.
            bool isFirst = depth == 0 && tokens[i].Is("alter") && types.Count == 0;
            if (isActionStart || isFirst) TryTake(sql, tokens, i, types);
            isActionStart = depth == 0 && tokens[i].Is(",");
            depth += Depth(tokens[i]);
        }
        return types;
    }

    static void TryTake(string sql, List<SqlToken> tokens, int at, Dictionary<string, string?> types)
    {
        if (!tokens[at].Is("alter")) return;
        int name = at + (tokens[at + 1].Is("column") && tokens[at + 2].IsName ? 2 : 1);
        // ALTER CONSTRAINT c, or a column of that name: only a column has a type.
        if (!tokens[name].IsName) return;
        int next = name + 1;
        if (tokens[next].Is("set") && tokens[next + 1].Is("data")) next += 2;
        if (!tokens[next].Is("type")) return;
        (int uses, int end) = Expression(tokens, next);
        types[tokens[name].Value] = uses < 0 ? null : sql[tokens[uses].End..tokens[end].Start].Trim();
    }

    // From TYPE to the comma or semicolon that ends the action.
    static (int Using, int End) Expression(List<SqlToken> tokens, int at)
    {
        int uses = -1;
        int depth = 0;
        for (; tokens[at].Kind != SqlTokenKind.End; at++)
        {
            if (depth == 0 && (tokens[at].Is(",") || tokens[at].Is(";"))) break;
            if (depth == 0 && uses < 0 && tokens[at].Is("using")) uses = at;
            depth += Depth(tokens[at]);
        }
        return (uses, at);
    }

    static int Depth(SqlToken token) =>
        token.Is("(") || token.Is("[") ? 1 : token.Is(")") || token.Is("]") ? -1 : 0;
}
