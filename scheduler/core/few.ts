/** None, one or several of something: a set that costs nothing while it has at most one member, as nearly all have. */
export type Few<Member extends object> = undefined | Member | ReadonlySet<Member>;

export function withMember<Member extends object>(few: Few<Member>, member: Member): Few<Member> {
  if (few === undefined || few === member) return member;
  // Sets are made here only, so that each belongs to the one place that keeps it.
  if (few instanceof Set) return few.add(member);
  return new Set<Member>([few as Member, member]);
}

export function withoutMember<Member extends object>(few: Few<Member>, member: Member): Few<Member> {
  if (few === member) return undefined;
  if (!(few instanceof Set)) return few;
  few.delete(member);
  return few.size === 0 ? undefined : few;
}

export const hasMember = <Member extends object>(few: Few<Member>, member: Member): boolean =>
  few === member || (few instanceof Set && few.has(member));

export function membersOf<Member extends object>(few: Few<Member>): readonly Member[] {
  if (few === undefined) return [];
  return few instanceof Set ? [...few] : [few as Member];
}

/** No more than `most` of them. */
export function someMembers<Member extends object>(few: Few<Member>, most: number): readonly Member[] {
  if (!(few instanceof Set)) return membersOf(few);
  const some: Member[] = [];
  for (const member of few) if (some.push(member) >= most) break;
  return some;
}

/** Whoever is visited must not add members. */
export function forEachMember<Member extends object>(few: Few<Member>, visit: (member: Member) => void): void {
  if (few === undefined) return;
  if (few instanceof Set) for (const member of few) visit(member);
  else visit(few as Member);
}
