"""Money is whole paise: a name that ends in `_paise` holds an int, and no float or division gets into it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from house.tree import Finding, Source

RULE = "money"
SUFFIX = "_paise"
FOLDERS = ("services/", "operator/", "strategies/")


def _hints(tree: ast.Module) -> Iterator[tuple[int, str, ast.expr | None]]:
    """Each (line, name, annotation) of a variable, field, argument or function that is called paise."""
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), annotation=hint):
                yield node.lineno, name, hint
            case ast.arg(arg=name, annotation=hint) if hint is not None:
                yield node.lineno, name, hint
            case ast.FunctionDef(name=name, returns=hint) | ast.AsyncFunctionDef(name=name, returns=hint):
                yield node.lineno, name, hint
            case _:
                pass


def _words(hint: ast.expr | None) -> set[str]:
    """The type names in an annotation or in what an alias stands for."""
    if hint is None:
        return set()
    match hint:
        case ast.Constant(value=str(text)) if text.isidentifier():
            return {text}
        case _:
            pass
    return {
        part.id if isinstance(part, ast.Name) else part.attr
        for part in ast.walk(hint)
        if isinstance(part, ast.Name | ast.Attribute)
    }


def _values(tree: ast.Module) -> Iterator[tuple[int, str, ast.expr]]:
    """Each (line, name, expression) that is put into a name that is called paise."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    if isinstance(target, ast.Name | ast.Attribute):
                        yield node.lineno, target.id if isinstance(target, ast.Name) else target.attr, value
            case ast.AnnAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), value=ast.expr() as value):
                yield node.lineno, name, value
            case ast.AugAssign(target=ast.Name(id=name) | ast.Attribute(attr=name), op=op, value=value):
                divided = ast.BinOp(left=value, op=op, right=value) if isinstance(op, ast.Div) else value
                yield node.lineno, name, divided
            case ast.keyword(arg=str(name), value=value):
                yield value.lineno, name, value
            case _:
                pass


def _is_fractional(value: ast.expr) -> bool:
    """Whether an expression is a float by its form: a literal, float(…), or a quotient that nothing rounds."""
    match value:
        case ast.Constant(value=float()) | ast.Call(func=ast.Name(id="float")) | ast.BinOp(op=ast.Div()):
            return True
        case ast.BinOp(left=left, right=right):
            return _is_fractional(left) or _is_fractional(right)
        case ast.UnaryOp(operand=operand):
            return _is_fractional(operand)
        case ast.IfExp(body=body, orelse=orelse):
            return _is_fractional(body) or _is_fractional(orelse)
        case _:
            return False


def _whole_types(sources: Iterable[Source]) -> set[str]:
    """`int` and every alias of it: `Count = Annotated[int, …]`, `Paise = NewType("Paise", int)`."""
    whole = {"int"}
    for source in sources:
        for node in source.tree.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) if "int" in _words(value):
                    whole.add(name)
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if "int" in _words(value):
                    whole.add(name)
                case _:
                    pass
    return whole


def check(sources: Iterable[Source]) -> Iterator[Finding]:
    """Each `_paise` that is not annotated with whole numbers, and each float that is put into one."""
    code = [source for source in sources if source.is_python and source.path.startswith(FOLDERS)]
    whole = _whole_types(code)
    for source in code:
        for line, name, hint in _hints(source.tree):
            words = _words(hint)
            if name.endswith(SUFFIX) and ("float" in words or not words & whole):
                yield source.finding(RULE, line, f"{name} counts paise, so its type is int")
        for line, name, value in _values(source.tree):
            if name.endswith(SUFFIX) and _is_fractional(value):
                yield source.finding(RULE, line, f"{name} counts paise, but a float is put into it; use // or round()")
