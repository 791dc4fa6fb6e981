using Cdc.Engine.Ddl;

namespace Cdc.Postgres.Decoding;

/// <summary>Whether a text is one statement, and of the kind that the server names.</summary>
/// <remarks>The server knows only all that was sent, which may be several statements. In doubt it is not: the effect is
/// known without the text.</remarks>
internal static class OneStatement
{
    // What may stand between the words of a tag: CREATE UNIQUE INDEX, CREATE UNLOGGED TABLE.
    static readonly string[] Modifiers =
        ["UNIQUE", "UNLOGGED", "GLOBAL", "LOCAL", "TEMP", "TEMPORARY", "OR", "REPLACE", "FOREIGN", "RECURSIVE"];

    public static bool Is(string sql, string tag)
    {
        SqlLexer lexer = new(sql);
        SqlToken token = lexer.Next();
        bool isFirst = true;
        foreach (Range part in tag.AsSpan().Split(' '))
        {
            ReadOnlySpan<char> word = tag.AsSpan(part);
            while (!isFirst && !token.IsWord(word) && IsModifier(token)) token = lexer.Next();
            if (!token.IsWord(word)) return false;
            token = lexer.Next();
            isFirst = false;
        }
        return EndsOnce(token, ref lexer);
    }

    // Behind the last semicolon nothing may stand but more of them.
    static bool EndsOnce(SqlToken token, ref SqlLexer lexer)
    {
        bool isOver = false;
        for (; token.Kind != SqlTokenKind.End; token = lexer.Next())
        {
            if (token.Kind == SqlTokenKind.Unclear) return false;
            if (token.IsSymbol(';')) isOver = true;
            else if (isOver) return false;
        }
        return true;
    }

    static bool IsModifier(SqlToken token)
    {
        foreach (string modifier in Modifiers)
        {
            if (token.IsWord(modifier)) return true;
        }
        return false;
    }
}
