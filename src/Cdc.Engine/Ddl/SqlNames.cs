namespace Cdc.Engine.Ddl;

/// <summary>The names that stand in a piece of SQL, whatever they name.</summary>
static class SqlNames
{
    /// <summary>Whether a text holds one of the names that <paramref name="isLookedFor"/> knows. A text that can't be
    /// read to its end may hold any.</summary>
    public static bool Hold(string sql, Func<string, bool> isLookedFor)
    {
        SqlLexer lexer = new(sql);
        while (true)
        {
            SqlToken token = lexer.Next();
            if (token.Kind == SqlTokenKind.End) return false;
            if (token.Kind == SqlTokenKind.Unclear) return true;
            if (token.Kind is SqlTokenKind.Word or SqlTokenKind.Name && isLookedFor(token.ToName())) return true;
        }
    }

    /// <summary>The parts of a constraint or an index that name columns: behind the first parenthesis, for a foreign
    /// key in two, its own and those it refers to.</summary>
    public static (string Own, string Referred) ColumnParts(string text)
    {
        SqlLexer lexer = new(text);
        int begin = -1;
        while (true)
        {
            SqlToken token = lexer.Next();
            if (token.Kind is SqlTokenKind.End or SqlTokenKind.Unclear) return (begin < 0 ? text : text[begin..], "");
            if (!text.AsSpan().Overlaps(token.Text, out int at)) continue;
            if (begin < 0 && token.IsSymbol('(')) begin = at;
            else if (begin >= 0 && token.IsWord("REFERENCES")) return (text[begin..at], BehindParenthesis(text[at..]));
        }
    }

    static string BehindParenthesis(string text)
    {
        SqlLexer lexer = new(text);
        while (true)
        {
            SqlToken token = lexer.Next();
            if (token.Kind is SqlTokenKind.End or SqlTokenKind.Unclear) return "";
            if (token.IsSymbol('(') && text.AsSpan().Overlaps(token.Text, out int at)) return text[at..];
        }
    }
}
